Feature: Inconclusive

  @UNDEF-002
  Rule: An active domain goes on as a transient one

    @id.tiny
    Scenario: The driver ends in the middle
      Given a domain that is paused
      When the client calls undefine
      Then the call succeeds
