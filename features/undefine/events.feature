Feature: Events of undefine
  Management tools know a host by its events.

  @UNDEF-029
  Rule: One event tells of one undefine

    @id.removed
    Scenario Outline: <call> of a domain that is <situation> sends one event
      Given a domain that is <situation>
      And a connection that records its events
      When the client calls <call>
      Then the call succeeds
      And one UNDEFINED event with the detail REMOVED was sent

      Examples:
        | case                   | situation | call                       |
        | inactive-undefine      | inactive  | undefine                   |
        | inactive-undefineflags | inactive  | undefineFlags with no flag |

      @needs.start @needs.undefine-active
      Examples:
        | case                  | situation | call                       |
        | running-undefine      | running   | undefine                   |
        | running-undefineflags | running   | undefineFlags with no flag |

      @needs.pause @needs.undefine-active
      Examples:
        | case            | situation | call     |
        | paused-undefine | paused    | undefine |

      @needs.start @needs.managed-save
      Examples:
        | case       | situation                          | call                            |
        | with-image | inactive with a managed save image | undefineFlags with MANAGED_SAVE |

    @id.every-connection @needs.second-connection
    Scenario: Every connection that registered gets the event
      Given a domain that is inactive
      And two connections that record its events
      When the client calls undefine
      Then the call succeeds
      And one UNDEFINED event with the detail REMOVED was sent

    @id.every-connection-active @needs.second-connection @needs.start @needs.undefine-active
    Scenario Outline: Every connection that registered gets the event of a domain that is <situation>
      Given a domain that is <situation>
      And two connections that record its events
      When the client calls undefine
      Then the call succeeds
      And one UNDEFINED event with the detail REMOVED was sent

      Examples:
        | situation |
        | running   |

      @needs.pause
      Examples:
        | situation |
        | paused    |

    @id.before-the-stop @needs.start @needs.undefine-active
    Scenario Outline: The event comes before that of the stop of a domain that was <situation>
      Given a domain that is <situation>
      And a connection that records its events
      When the client calls undefine
      And the client calls destroy
      Then every call succeeded
      And the UNDEFINED event came before the STOPPED event

      Examples:
        | situation |
        | running   |

      @needs.pause
      Examples:
        | situation |
        | paused    |

    @id.none-when-remainder-stops @needs.start @needs.undefine-active
    Scenario: No further UNDEFINED event is sent when the transient remainder stops
      Given a domain that is running
      And a connection that records its events
      When the client calls undefine
      And the client calls destroy
      Then every call succeeded
      And one UNDEFINED event with the detail REMOVED was sent

    @id.none-on-refusal
    Scenario Outline: No event is sent when undefine of a domain that is <situation> is refused
      Given a domain that is <situation>
      And a connection that records its events
      When the client calls undefineFlags with no flag, and again with every other flag except MANAGED_SAVE beside it
      Then no event was sent, if it is refused

      @needs.start @needs.managed-save
      Examples:
        | situation                          |
        | inactive with a managed save image |

      @needs.transient
      Examples:
        | situation             |
        | running and transient |
