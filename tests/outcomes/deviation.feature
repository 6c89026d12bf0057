Feature: Deviation

  @UNDEF-007
  Rule: A transient domain cannot be undefined

    @id.tiny
    Scenario: The driver does something else, and its owner has said so
      Given a domain that is running and transient
      When the client calls undefine
      Then the call is refused
