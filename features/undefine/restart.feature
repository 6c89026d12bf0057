Feature: Undefine and a restart of the driver
  What a driver said before it ended has to be true when it is back.

  @UNDEF-032
  Rule: A restart changes nothing of what undefine did

    @id.stays-away
    Scenario Outline: A domain that was <situation> does not come back
      Given a domain that is <situation>
      When the client calls <call>
      And the driver is restarted
      Then every call succeeded
      And the domain has not come back

      Examples:
        | case     | situation | call     |
        | undefine | inactive  | undefine |

      @needs.undefine-flags
      Examples:
        | case          | situation | call                       |
        | undefineflags | inactive  | undefineFlags with no flag |

      @needs.autostart
      Examples:
        | case      | situation        | call     |
        | autostart | set to autostart | undefine |

    @id.nothing-comes-back
    Scenario Outline: Of a domain that was <situation> nothing comes back to one that is defined again
      Given a domain that is <situation>
      When the client calls <call>
      And the driver is restarted
      And the client defines it again
      Then every call succeeded
      And the domain holds nothing but its definition

      @needs.autostart
      Examples:
        | case      | situation        | call     |
        | autostart | set to autostart | undefine |

      @needs.start @needs.managed-save @needs.undefine-flags
      Examples:
        | case  | situation                          | call                            |
        | image | inactive with a managed save image | undefineFlags with MANAGED_SAVE |

      @needs.snapshot-metadata @needs.undefine-flags
      Examples:
        | case     | situation                | call                                  |
        | snapshot | inactive with a snapshot | undefineFlags with SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata @needs.undefine-flags
      Examples:
        | case       | situation                  | call                                    |
        | checkpoint | inactive with a checkpoint | undefineFlags with CHECKPOINTS_METADATA |

    @id.nothing-comes-back-of-a-remainder @needs.start @needs.undefine-active @needs.autostart
    Scenario: Of a domain that was running and set to autostart nothing comes back to one that is defined again
      Given a domain that is running and set to autostart
      When the client calls undefine
      And the client calls destroy
      And the driver is restarted
      And the client defines it again
      Then every call succeeded
      And the domain holds nothing but its definition

    @id.remainder @needs.start @needs.undefine-active
    Scenario Outline: A domain that was <situation> when it was undefined goes on as a transient one
      Given a domain that is <situation>
      When the client calls undefine
      And the driver is restarted
      And the client looks the domain up again
      Then every call succeeded
      And the guest goes on over the restart
      And the domain is transient

      Examples:
        | situation |
        | running   |

      @needs.pause
      Examples:
        | situation |
        | paused    |

    @id.remainder-vanishes @needs.start @needs.undefine-active
    Scenario Outline: A remainder that was <situation> vanishes when it stops after the restart
      Given a domain that is <situation>
      When the client calls undefine
      And the driver is restarted
      And the client looks the domain up again
      And the client calls destroy
      Then every call succeeded
      And the domain is gone

      Examples:
        | situation |
        | running   |

      @needs.pause
      Examples:
        | situation |
        | paused    |

    @id.vanished-stays-away @needs.start @needs.undefine-active
    Scenario: A remainder that stopped after a restart does not come back at the next
      Given a domain that is running
      When the client calls undefine
      And the driver is restarted
      And the client looks the domain up again
      And the client calls destroy
      And the driver is restarted
      Then every call succeeded
      And the domain has not come back

    @id.stopped-before @needs.start @needs.undefine-active
    Scenario: A remainder that stopped before the restart does not come back
      Given a domain that is running
      When the client calls undefine
      And the client calls destroy
      And the driver is restarted
      Then every call succeeded
      And the domain has not come back

    @id.kept
    Scenario Outline: A domain that is <situation> has everything that it had before it was refused
      Given a domain that is <situation>
      When the client calls undefine
      And the driver is restarted
      And the client looks the domain up again
      Then everything is over the restart as it was, if it is refused

      @needs.start @needs.managed-save
      Examples:
        | situation                          |
        | inactive with a managed save image |

      @needs.snapshot-metadata
      Examples:
        | situation                |
        | inactive with a snapshot |

      @needs.checkpoint-metadata
      Examples:
        | situation                  |
        | inactive with a checkpoint |

      @needs.nvram
      Examples:
        | situation                   |
        | inactive with an nvram file |
        | running with an nvram file  |

      @needs.start @needs.managed-save @needs.image-beside-guest @needs.transient
      Examples:
        | situation                         |
        | running with a managed save image |

      @needs.transient
      Examples:
        | situation             |
        | running and transient |

      @needs.transient @needs.pause
      Examples:
        | situation            |
        | paused and transient |

    @id.kept-whatever-the-flags @needs.start @needs.managed-save @needs.undefine-flags
    Scenario Outline: A domain that is <situation> has everything that it had, whatever other flags it was refused with
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag, and again with every other flag except MANAGED_SAVE beside it
      And the driver is restarted
      And the client looks the domain up again
      Then everything is over the restart as it was, if it is refused

      Examples:
        | situation                          |
        | inactive with a managed save image |

      @needs.snapshot-metadata
      Examples:
        | situation                                         |
        | inactive with a managed save image and a snapshot |

      @needs.checkpoint-metadata
      Examples:
        | situation                                           |
        | inactive with a managed save image and a checkpoint |
