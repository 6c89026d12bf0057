Feature: Not applicable

  @UNDEF-021
  Rule: An nvram file stands in the way

    @id.tiny
    Scenario: The driver cannot hold what the rule is about
      Given a domain that is inactive with an nvram file
      When the client calls undefine
      Then the call is refused
