Feature: Undefine and read-only connections
  Nothing can be lost through a connection that was opened to look.

  @UNDEF-030
  Rule: A read-only connection changes nothing

    @id.denied
    Scenario Outline: <call> is denied on a read-only connection
      Given a domain that is inactive
      And a read-only connection that has found it
      When the read-only client calls <call>
      Then the call is refused and nothing has changed
      And the refusal is OPERATION_DENIED

      Examples:
        | call                                      |
        | undefine                                  |
        | undefineFlags with no flag                |
        | undefineFlags with MANAGED_SAVE           |
        | undefineFlags with the lowest unknown bit |
        | managedSave                               |
        | managedSaveRemove                         |
        | managedSaveDefineXML                      |
        | setAutostart                              |
        | defineXML with its definition             |
        | createXML with its definition             |
        | create                                    |
        | rename to a free name                     |
        | snapshotCreateXML                         |
        | checkpointCreateXML                       |

    @id.denied-on-stale-handle
    Scenario Outline: <call> is denied on a read-only connection also where there is no domain any more
      Given a domain that is inactive
      And a read-only connection that has found it
      And it has been undefined
      When the read-only client calls <call>
      Then the call is refused
      And the refusal is OPERATION_DENIED

      Examples:
        | call                                      |
        | undefine                                  |
        | undefineFlags with no flag                |
        | undefineFlags with the lowest unknown bit |
        | managedSave                               |
        | managedSaveRemove                         |
        | setAutostart                              |
        | create                                    |

    @id.denied-with-image @needs.start @needs.managed-save
    Scenario Outline: <call> is denied on a read-only connection and leaves the managed save image
      Given a domain that is inactive with a managed save image
      And a read-only connection that has found it
      When the read-only client calls <call>
      Then the call is refused and nothing has changed
      And the refusal is OPERATION_DENIED

      Examples:
        | call                            |
        | undefine                        |
        | undefineFlags with MANAGED_SAVE |
        | managedSaveRemove               |
        | managedSaveDefineXML            |
        | create                          |

    @id.snapshot-deletion-denied @needs.snapshot-metadata
    Scenario: The deletion of a snapshot is denied on a read-only connection
      Given a domain that is inactive with a snapshot
      And a read-only connection that has found it
      When the read-only client calls delete on the snapshot
      Then the call is refused and nothing has changed
      And the refusal is OPERATION_DENIED

    @id.checkpoint-deletion-denied @needs.checkpoint-metadata
    Scenario: The deletion of a checkpoint is denied on a read-only connection
      Given a domain that is inactive with a checkpoint
      And a read-only connection that has found it
      When the read-only client calls delete on the checkpoint
      Then the call is refused and nothing has changed
      And the refusal is OPERATION_DENIED

    @id.allowed
    Scenario Outline: <call> is allowed on a read-only connection
      Given a domain that is inactive
      And a read-only connection that has found it
      When the read-only client calls <call>
      Then the call succeeds
      And nothing has changed

      Examples:
        | call           |
        | XMLDesc        |
        | state          |
        | listAllDomains |

      @needs.persistence-query
      Examples:
        | call         |
        | isPersistent |

      @needs.autostart
      Examples:
        | call      |
        | autostart |

      @needs.managed-save
      Examples:
        | call                |
        | hasManagedSaveImage |

      @needs.events
      Examples:
        | call                   |
        | domainEventRegisterAny |

    @id.image-shown @needs.start @needs.managed-save-xml
    Scenario: The definition inside a managed save image is shown on a read-only connection
      Given a domain that is inactive with a managed save image
      And a read-only connection that has found it
      When the read-only client calls managedSaveGetXMLDesc
      Then the call succeeds
      And nothing has changed

  @UNDEF-031
  Rule: A caller without the right changes nothing

    @id.undefine-denied
    Scenario Outline: <call> is denied to a client without rights
      Given a domain that is inactive
      And a client without rights that has found it
      When the client without rights calls <call>
      Then the call is refused and nothing has changed
      And the refusal is ACCESS_DENIED

      Examples:
        | case     | call     |
        | undefine | undefine |

      @needs.undefine-flags
      Examples:
        | case          | call                                                                  |
        | undefineflags | undefineFlags with no flag, and again with every other flag beside it |

    @id.undefine-of-guest-denied @needs.start @needs.undefine-flags
    Scenario Outline: Whatever the flags, undefineFlags of a domain that is <situation> is denied to a client without rights
      Given a domain that is <situation>
      And a client without rights that has found it
      When the client without rights calls undefineFlags with no flag, and again with every other flag beside it
      Then the call is refused and nothing has changed
      And the refusal is ACCESS_DENIED

      Examples:
        | situation |
        | running   |

      @needs.managed-save
      Examples:
        | situation                          |
        | inactive with a managed save image |

    @id.unknown-flag-first @needs.undefine-flags
    Scenario Outline: A client without rights is told as everybody is that <bits> is no flag
      Given a domain that is inactive
      And a client without rights that has found it
      When the client without rights calls undefineFlags with <bits>
      And the client calls undefineFlags with <bits>
      Then both clients are refused with one code, if they are refused

      Examples:
        | bits                   |
        | the lowest unknown bit |
        | every bit              |

    @id.denied
    Scenario Outline: <call> of a domain that is <situation> is denied to a client without rights
      Given a domain that is <situation>
      And a client without rights that has found it
      When the client without rights calls <call>
      Then the call is refused and nothing has changed
      And the refusal is ACCESS_DENIED

      Examples:
        | case      | situation | call                          |
        | definexml | inactive  | defineXML with its definition |

      @needs.autostart
      Examples:
        | case         | situation | call         |
        | setautostart | inactive  | setAutostart |

      @needs.start @needs.managed-save
      Examples:
        | case                            | situation                          | call              |
        | managedsave                     | running                            | managedSave       |
        | managedsaveremove               | inactive with a managed save image | managedSaveRemove |
        | managedsaveremove-without-image | inactive                           | managedSaveRemove |
