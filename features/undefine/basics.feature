Feature: Undefining a domain
  By default libvirt never loses data without an explicit request.
  Undefine takes a domain's definition away, and nothing else.

  @UNDEF-001
  Rule: An inactive domain is removed completely

    @id.removed
    Scenario Outline: Nothing is left of an inactive domain after <call>
      Given a domain that is inactive
      When the client calls <call>
      Then the call succeeds
      And the domain is gone

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

    @id.gone-on-second-connection @needs.second-connection
    Scenario Outline: A second connection finds nothing of an inactive domain after <call>
      Given a domain that is inactive
      And a second connection that has found it
      When the client calls <call>
      Then the call succeeds
      And the domain is gone on the second connection too

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

  @UNDEF-002
  Rule: An active domain goes on as a transient one

    @id.becomes-transient
    Scenario Outline: <call> leaves the guest of a domain that is <situation> alone
      Given a domain that is <situation>
      When the client calls <call>
      Then the call succeeds
      And the guest is as it was
      And the domain is transient

      Examples:
        | case                  | situation | call                       |
        | running-undefine      | running   | undefine                   |
        | running-undefineflags | running   | undefineFlags with no flag |

      @needs.pause
      Examples:
        | case                 | situation | call                       |
        | paused-undefine      | paused    | undefine                   |
        | paused-undefineflags | paused    | undefineFlags with no flag |

    @id.resumes-afterwards @needs.pause
    Scenario: A paused guest can be resumed after its domain was undefined
      Given a domain that is paused
      When the client calls undefine
      And the client calls resume
      Then the call succeeds
      And the domain is running
      And the domain is transient

  @UNDEF-003
  Rule: What was made transient vanishes when it stops

    @id.vanishes
    Scenario Outline: A domain that was <situation> when it was undefined is gone once it stops
      Given a domain that is <situation>
      When the client calls <call>
      And the client calls destroy
      Then the call succeeds
      And the domain is gone

      Examples:
        | case                  | situation | call                       |
        | running-undefine      | running   | undefine                   |
        | running-undefineflags | running   | undefineFlags with no flag |

      @needs.pause
      Examples:
        | case                 | situation | call                       |
        | paused-undefine      | paused    | undefine                   |
        | paused-undefineflags | paused    | undefineFlags with no flag |

    @id.vanishes-when-saved @needs.save-file
    Scenario Outline: A domain that was <situation> when it was undefined is gone once it is saved to a file
      Given a domain that is <situation>
      When the client calls undefine
      And the client calls save to a file
      Then every call succeeded
      And the domain is gone
      And the file that it was saved to is still there

      Examples:
        | situation |
        | running   |

      @needs.pause
      Examples:
        | situation |
        | paused    |

  @UNDEF-004
  Rule: A transient remainder can be defined again

    @id.persistent-again
    Scenario Outline: A domain that was <situation> when it was undefined is made persistent again
      Given a domain that is <situation>
      When the client calls undefine
      Then the call succeeds
      And the domain is transient
      When the client defines it again
      Then the call succeeds
      And the guest is as it was
      And the domain is persistent

      Examples:
        | situation |
        | running   |

      @needs.pause
      Examples:
        | situation |
        | paused    |

    @id.survives-the-stop
    Scenario: A domain that was defined again is still there after it stops
      Given a domain that is running
      When the client calls undefine
      Then the call succeeds
      And the domain is transient
      When the client defines it again
      And the client calls destroy
      Then every call succeeded
      And the domain is inactive
      And the domain is persistent

  @UNDEF-005
  Rule: undefine is undefineFlags without flags

    @id.alike
    Scenario Outline: The two calls do the same to a domain that is <situation>
      Given two domains, each of them <situation>
      When one is undefined by undefine and the other by undefineFlags with no flag
      Then both fared alike

      Examples:
        | situation |
        | inactive  |
        | vanished  |

      @needs.start
      Examples:
        | situation |
        | running   |

      @needs.start @needs.undefine-active
      Examples:
        | situation                              |
        | running and made transient by undefine |

      @needs.pause
      Examples:
        | situation |
        | paused    |

      @needs.transient
      Examples:
        | situation             |
        | running and transient |

      @needs.start @needs.managed-save
      Examples:
        | situation                          |
        | inactive with a managed save image |

      @needs.start @needs.transient @needs.image-beside-guest @needs.managed-save
      Examples:
        | situation                         |
        | running with a managed save image |

      @needs.autostart
      Examples:
        | situation        |
        | set to autostart |

      @needs.snapshot-metadata
      Examples:
        | situation                |
        | inactive with a snapshot |

  @UNDEF-006
  Rule: A domain defined anew inherits nothing

    @id.three-rounds
    Scenario Outline: Three rounds of define and <call> leave nothing behind
      Given a domain that is inactive
      When the client calls <call>
      And the client defines it again
      And the client calls <call>
      And the client defines it again
      And the client calls <call>
      And the client defines it again
      Then every call succeeded
      And the domain holds nothing but its definition

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

    @id.same-uuid
    Scenario Outline: A domain that was <situation> passes nothing on to one of its name and UUID
      Given a domain that was <situation> and has been undefined
      When the client defines it again
      Then the call succeeds
      And the domain holds nothing but its definition

      Examples:
        | situation |
        | inactive  |

      @needs.autostart
      Examples:
        | situation        |
        | set to autostart |

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

    @id.same-name
    Scenario Outline: A domain that was <situation> passes nothing on to one of its name alone
      Given a domain that was <situation> and has been undefined
      When the client defines another domain of its name
      Then the call succeeds
      And the other domain holds nothing but its definition

      Examples:
        | situation |
        | inactive  |

      @needs.autostart
      Examples:
        | situation        |
        | set to autostart |

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

    @id.after-the-halt @needs.start @needs.undefine-active @needs.autostart
    Scenario Outline: A domain that was set to autostart, and undefined by <call> while it ran, passes nothing on once it has halted
      Given a domain that is running and set to autostart
      When the client calls <call>
      And the client calls destroy
      And the client defines it again
      Then every call succeeded
      And the domain holds nothing but its definition

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

  @UNDEF-007
  Rule: A transient domain cannot be undefined

    @id.undefine
    Scenario Outline: undefine is refused for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefine
      Then the call is refused and nothing has changed
      And the refusal is OPERATION_INVALID

      @needs.undefine-active
      Examples:
        | situation                              |
        | running and made transient by undefine |

      @needs.pause @needs.undefine-active
      Examples:
        | situation                             |
        | paused and made transient by undefine |

      @needs.transient
      Examples:
        | situation             |
        | running and transient |

      @needs.transient @needs.pause
      Examples:
        | situation            |
        | paused and transient |

    @id.undefineflags
    Scenario Outline: undefineFlags is refused for a domain that is <situation>, whatever the flags
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag, and again with every other flag beside it
      Then the call is refused and nothing has changed
      And the refusal is OPERATION_INVALID

      @needs.undefine-active
      Examples:
        | situation                              |
        | running and made transient by undefine |

      @needs.pause @needs.undefine-active
      Examples:
        | situation                             |
        | paused and made transient by undefine |

      @needs.transient
      Examples:
        | situation             |
        | running and transient |

      @needs.transient @needs.pause
      Examples:
        | situation            |
        | paused and transient |

  @UNDEF-008
  Rule: A vanished domain stays vanished for its handles

    @id.undefine-again
    Scenario: undefine finds no domain after the domain has vanished
      Given a domain that is vanished
      When the client calls undefine
      Then the call is refused
      And the refusal is NO_DOMAIN

    @id.undefineflags-again
    Scenario: undefineFlags finds no domain after the domain has vanished, whatever the flags
      Given a domain that is vanished
      When the client calls undefineFlags with no flag, and again with every other flag beside it
      Then the call is refused
      And the refusal is NO_DOMAIN

    @id.every-call
    Scenario Outline: <call> finds no domain after the domain has vanished
      Given a domain that is vanished
      When the client calls <call>
      Then the call is refused
      And the refusal is NO_DOMAIN

      Examples:
        | call     |
        | state    |
        | isActive |
        | XMLDesc  |

      @needs.persistence-query
      Examples:
        | call         |
        | isPersistent |

      @needs.start
      Examples:
        | call    |
        | create  |
        | destroy |

      @needs.pause
      Examples:
        | call    |
        | suspend |

      @needs.autostart
      Examples:
        | call         |
        | autostart    |
        | setAutostart |

      @needs.managed-save
      Examples:
        | call                |
        | managedSave         |
        | hasManagedSaveImage |
        | managedSaveRemove   |

      @needs.snapshot-metadata
      Examples:
        | call        |
        | snapshotNum |

    @id.namesake
    Scenario Outline: <call> on an old handle does not reach another domain of the name
      Given a domain that is vanished
      And another domain of its name
      When the client calls <call>
      Then the call is refused
      And the refusal is NO_DOMAIN
      And the other domain is as it was

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

      @needs.start
      Examples:
        | call   |
        | create |

      @needs.autostart
      Examples:
        | call         |
        | setAutostart |

    @id.revived
    Scenario Outline: <call> on an old handle reaches the domain that was defined again under its UUID
      Given a domain that is vanished
      And it has been defined again
      When the client calls <call> on the old handle
      Then the call succeeds
      And the domain is gone

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

  @UNDEF-009
  Rule: Undefine clears autostart

    @id.cleared-inactive
    Scenario: Autostart is off after an inactive domain was undefined and defined again
      Given a domain that is set to autostart
      When the client calls undefine
      And the client defines it again
      Then every call succeeded
      And autostart is off

    @id.cleared-running @needs.start @needs.undefine-active
    Scenario: Autostart is off on the transient remainder, and still after it was defined again
      Given a domain that is running and set to autostart
      When the client calls undefine
      Then the call succeeds
      And autostart is off
      When the client defines it again
      Then the call succeeds
      And autostart is off

    @id.kept-by-stop @needs.start
    Scenario: Stopping a domain leaves autostart on
      Given a domain that is running and set to autostart
      When the client calls destroy
      Then the call succeeds
      And autostart is on

    @id.refused-for-transient @needs.start
    Scenario Outline: A domain that is <situation> refuses to be set to autostart
      Given a domain that is <situation>
      When the client calls setAutostart
      Then the call is refused and nothing has changed
      And the refusal is OPERATION_INVALID

      @needs.undefine-active
      Examples:
        | situation                              |
        | running and made transient by undefine |

      @needs.transient
      Examples:
        | situation             |
        | running and transient |

    @id.once-cleared-inactive @needs.autostart-once
    Scenario: Autostart for the next boot is off after an inactive domain was undefined and defined again
      Given a domain that is set to autostart once
      When the client calls undefine
      And the client defines it again
      Then every call succeeded
      And autostart once is off

    @id.once-cleared-running @needs.autostart-once @needs.start @needs.undefine-active
    Scenario: Autostart for the next boot is off on the transient remainder
      Given a domain that is running and set to autostart once
      When the client calls undefine
      Then the call succeeds
      And autostart once is off

  @UNDEF-010
  Rule: A failure never removes a persistent domain

    @id.create-xml-cannot-start @needs.transient @needs.failing-start
    Scenario: createXML of a definition that cannot start leaves the persistent domain of its name and UUID
      Given a domain that is inactive
      When the client calls createXML with a definition of it that cannot start
      Then the call succeeds, or is refused and the domain is kept

    @id.create-xml-other-uuid @needs.transient
    Scenario: createXML under the name of a persistent domain and another UUID leaves that domain
      Given a domain that is inactive
      When the client calls createXML with its name and another UUID
      Then the call is refused and the domain is kept

    @id.create-xml-running @needs.transient @needs.start
    Scenario: createXML of a domain that is already running leaves it
      Given a domain that is running
      When the client calls createXML with its definition
      Then the call is refused and the domain is kept

    @id.start-fails @needs.start @needs.failing-start
    Scenario: A start that fails leaves the domain
      Given a domain that is inactive and cannot start
      When the client calls create
      Then the call succeeds, or is refused and the domain is kept

    @id.restore-running @needs.start @needs.save-file
    Scenario: A restore of a domain that runs again leaves it
      Given a domain that is running and was saved to a file
      When the client calls restore with that file
      Then the call is refused and the domain is kept

    @id.restore-damaged @needs.start @needs.save-file
    Scenario: A restore from a damaged file leaves the domain
      Given a domain that is inactive and was saved to a file
      And the file is cut off in the middle
      When the client calls restore with that file
      Then the call succeeds, or is refused and the domain is kept

    @id.rename-taken @needs.rename
    Scenario: A rename to a name that is taken leaves both domains
      Given a domain that is inactive
      And another domain of another name
      When the client calls rename to that name
      Then the call is refused and the domain is kept
      And the other domain is as it was

    @id.rename-running @needs.rename @needs.start
    Scenario: A rename of a running domain that is refused leaves it
      Given a domain that is running
      When the client calls rename to a free name
      Then the call succeeds, or is refused and the domain is kept
