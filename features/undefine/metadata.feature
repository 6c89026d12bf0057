Feature: Undefining a domain that has snapshots or checkpoints
  The metadata says what the contents of the disks mean.
  It goes with the last use of the domain, and only at a request.

  @UNDEF-017
  Rule: Metadata of an inactive domain stands in the way

    @id.undefine-refused
    Scenario Outline: undefine is refused for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefine
      Then the call is refused and nothing has changed

      @needs.snapshot-metadata
      Examples:
        | situation                                     |
        | inactive with a snapshot                      |
        | inactive with a snapshot and another below it |

      @needs.checkpoint-metadata
      Examples:
        | situation                                       |
        | inactive with a checkpoint                      |
        | inactive with a checkpoint and another below it |

    @id.undefineflags-refused
    Scenario Outline: undefineFlags without flags is refused for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag
      Then the call is refused and nothing has changed

      @needs.snapshot-metadata
      Examples:
        | situation                                     |
        | inactive with a snapshot                      |
        | inactive with a snapshot and another below it |

      @needs.checkpoint-metadata
      Examples:
        | situation                                       |
        | inactive with a checkpoint                      |
        | inactive with a checkpoint and another below it |

    @id.removed
    Scenario Outline: <flag> removes metadata and definition of a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefineFlags with <flag>
      Then the call succeeds
      And the domain is gone

      @needs.snapshot-metadata
      Examples:
        | situation                                     | flag               |
        | inactive with a snapshot                      | SNAPSHOTS_METADATA |
        | inactive with a snapshot and another below it | SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata
      Examples:
        | situation                                       | flag                 |
        | inactive with a checkpoint                      | CHECKPOINTS_METADATA |
        | inactive with a checkpoint and another below it | CHECKPOINTS_METADATA |

      @needs.snapshot-metadata @needs.checkpoint-metadata @needs.snapshot-beside-checkpoint
      Examples:
        | situation                                 | flag                                        |
        | inactive with a snapshot and a checkpoint | SNAPSHOTS_METADATA and CHECKPOINTS_METADATA |

    @id.nothing-left
    Scenario Outline: A domain defined again after <flag> has no metadata of its predecessor
      Given a domain that is <situation>
      When the client calls undefineFlags with <flag>
      And the client defines it again
      Then every call succeeded
      And the domain holds nothing but its definition

      @needs.snapshot-metadata
      Examples:
        | situation                | flag               |
        | inactive with a snapshot | SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata
      Examples:
        | situation                  | flag                 |
        | inactive with a checkpoint | CHECKPOINTS_METADATA |

  @UNDEF-018
  Rule: Metadata of an active domain stays until it halts

    @id.stays
    Scenario Outline: <call> leaves the metadata of a domain that is <situation>
      Given a domain that is <situation>
      When the client calls <call>
      Then the call succeeds
      And the guest is as it was
      And the domain is transient
      And its metadata is as it was

      @needs.snapshot-metadata
      Examples:
        | case                          | situation                                    | call                                  |
        | snapshot-undefine             | running with a snapshot                      | undefine                              |
        | snapshot-undefineflags        | running with a snapshot                      | undefineFlags with no flag            |
        | snapshot-undefineflags-flag   | running with a snapshot                      | undefineFlags with SNAPSHOTS_METADATA |
        | snapshot-and-another-undefine | running with a snapshot and another below it | undefine                              |

      @needs.snapshot-metadata @needs.pause
      Examples:
        | case                     | situation              | call                                  |
        | paused-snapshot-undefine | paused with a snapshot | undefine                              |
        | paused-snapshot-flag     | paused with a snapshot | undefineFlags with SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata
      Examples:
        | case                            | situation                                      | call                                    |
        | checkpoint-undefine             | running with a checkpoint                      | undefine                                |
        | checkpoint-undefineflags        | running with a checkpoint                      | undefineFlags with no flag              |
        | checkpoint-undefineflags-flag   | running with a checkpoint                      | undefineFlags with CHECKPOINTS_METADATA |
        | checkpoint-and-another-undefine | running with a checkpoint and another below it | undefine                                |

      @needs.checkpoint-metadata @needs.pause
      Examples:
        | case                       | situation                | call     |
        | paused-checkpoint-undefine | paused with a checkpoint | undefine |

    @id.gone-with-the-halt
    Scenario Outline: The metadata of a domain that was <situation> is gone once its remainder halts
      Given a domain that is <situation>
      When the client calls <call>
      And the client calls destroy
      Then every call succeeded
      And the domain is gone
      When the client defines it again
      Then the call succeeds
      And the domain holds nothing but its definition

      @needs.snapshot-metadata
      Examples:
        | case                          | situation                                    | call                                  |
        | snapshot-undefine             | running with a snapshot                      | undefine                              |
        | snapshot-flag                 | running with a snapshot                      | undefineFlags with SNAPSHOTS_METADATA |
        | snapshot-and-another-undefine | running with a snapshot and another below it | undefine                              |

      @needs.checkpoint-metadata
      Examples:
        | case                            | situation                                      | call     |
        | checkpoint-undefine             | running with a checkpoint                      | undefine |
        | checkpoint-and-another-undefine | running with a checkpoint and another below it | undefine |

    @id.kept-by-a-definition
    Scenario Outline: A remainder that is defined again keeps the metadata it had while <situation>
      Given a domain that is <situation>
      When the client calls undefine
      And the client defines it again
      Then every call succeeded
      And the domain is persistent
      And its metadata is as it was

      @needs.snapshot-metadata
      Examples:
        | situation               |
        | running with a snapshot |

      @needs.checkpoint-metadata
      Examples:
        | situation                 |
        | running with a checkpoint |

  @UNDEF-019
  Rule: No other flag stands in for that of the metadata

    @id.beside
    Scenario Outline: No flag but <flag> makes undefine succeed for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag, and again with every other flag except <flag> beside it
      Then the call is refused and nothing has changed

      @needs.snapshot-metadata
      Examples:
        | situation                                     | flag               |
        | inactive with a snapshot                      | SNAPSHOTS_METADATA |
        | inactive with a snapshot and another below it | SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata
      Examples:
        | situation                                       | flag                 |
        | inactive with a checkpoint                      | CHECKPOINTS_METADATA |
        | inactive with a checkpoint and another below it | CHECKPOINTS_METADATA |

    @id.mixes
    Scenario Outline: No mix of flags without <flag> makes undefine succeed for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefineFlags with every mix of flags except <flag>
      Then the call is refused and nothing has changed

      @needs.snapshot-metadata
      Examples:
        | situation                | flag               |
        | inactive with a snapshot | SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata
      Examples:
        | situation                  | flag                 |
        | inactive with a checkpoint | CHECKPOINTS_METADATA |

    @id.one-of-two @needs.snapshot-metadata @needs.checkpoint-metadata @needs.snapshot-beside-checkpoint
    Scenario Outline: <flag> alone does not do for a domain that has a snapshot and a checkpoint
      Given a domain that is inactive with a snapshot and a checkpoint
      When the client calls undefineFlags with <flag>
      Then the call is refused

      Examples:
        | flag                 |
        | SNAPSHOTS_METADATA   |
        | CHECKPOINTS_METADATA |

  @UNDEF-020
  Rule: Who can hold metadata takes its flag

    @id.inactive
    Scenario Outline: <flag> does no harm to an inactive domain without metadata
      Given a domain that is inactive
      When the client calls undefineFlags with <flag>
      Then the call succeeds
      And the domain is gone

      @needs.snapshot-metadata
      Examples:
        | flag               |
        | SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata
      Examples:
        | flag                 |
        | CHECKPOINTS_METADATA |

    @id.running @needs.start @needs.undefine-active
    Scenario Outline: A running domain without metadata goes on as a transient one after <flag>
      Given a domain that is running
      When the client calls undefineFlags with <flag>
      Then the call succeeds
      And the guest is as it was
      And the domain is transient

      @needs.snapshot-metadata
      Examples:
        | flag               |
        | SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata
      Examples:
        | flag                 |
        | CHECKPOINTS_METADATA |
