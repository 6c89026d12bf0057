Feature: Not testable

  @UNDEF-008
  Rule: A vanished domain stays vanished for its handles

    @id.tiny
    Scenario: The driver says that it has done what the situation takes, and has not
      Given a domain that is inactive
      And it has been undefined
      When the client calls undefine
      Then the call is refused
