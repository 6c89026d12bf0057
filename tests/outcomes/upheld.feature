Feature: Upheld

  @UNDEF-001
  Rule: An inactive domain is removed completely

    @id.tiny
    Scenario: The driver does what the rule demands
      Given a domain that is inactive
      When the client calls undefine
      Then the call succeeds
