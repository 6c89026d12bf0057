Feature: Not run

  @UNDEF-003
  Rule: What was made transient vanishes when it stops

    @id.tiny
    Scenario: Another part of the run has it
      Given a domain that is inactive
      When the client calls undefine
      Then the call succeeds
