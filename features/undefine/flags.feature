Feature: Flags and refusals of undefine
  A flag is a promise about data, and a refusal is a promise that nothing happened.

  @UNDEF-025
  Rule: Unknown flags are an error before anything else

    @id.inactive
    Scenario Outline: <bits> is not a flag for a domain that is inactive
      Given a domain that is inactive
      When the client calls undefineFlags with <bits>
      Then the call is refused and nothing has changed
      And the refusal is INVALID_ARG

      Examples:
        | bits                   |
        | the lowest unknown bit |
        | bit 30                 |
        | bit 31                 |
        | every bit              |

    @id.beside-known-flags
    Scenario: An unknown bit is not a flag beside known ones either
      Given a domain that is inactive
      When the client calls undefineFlags with the lowest unknown bit, and again with every other flag beside it
      Then the call is refused and nothing has changed
      And the refusal is INVALID_ARG

    @id.running @needs.start
    Scenario: An unknown bit is not a flag for a running domain
      Given a domain that is running
      When the client calls undefineFlags with the lowest unknown bit, and again with every other flag beside it
      Then the call is refused and nothing has changed
      And the refusal is INVALID_ARG

    @id.image-kept @needs.start @needs.managed-save
    Scenario: An unknown bit beside MANAGED_SAVE leaves the managed save image
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with the lowest unknown bit, and again with every other flag beside it
      Then the call is refused and nothing has changed
      And the refusal is INVALID_ARG

    @id.before-the-look-up
    Scenario Outline: <bits> is an error also where there is no domain any more
      Given a domain that is vanished
      When the client calls undefineFlags with <bits>
      Then the call is refused
      And the refusal is INVALID_ARG

      Examples:
        | bits                   |
        | the lowest unknown bit |
        | bit 31                 |

  @UNDEF-026
  Rule: A flag that the driver does not take is an error

    @id.inactive
    Scenario Outline: <flag> is taken, or refused as INVALID_ARG, for a domain that is inactive
      Given a domain that is inactive
      When the client calls undefineFlags with <flag>
      Then the call succeeds and the domain is gone, or it is refused as INVALID_ARG and nothing has changed

      Examples:
        | flag                 |
        | MANAGED_SAVE         |
        | SNAPSHOTS_METADATA   |
        | NVRAM                |
        | KEEP_NVRAM           |
        | CHECKPOINTS_METADATA |
        | TPM                  |
        | KEEP_TPM             |

    @id.same-answer-for-active @needs.start @needs.undefine-active
    Scenario Outline: <flag> is taken or not, whether the domain is active or not
      Given a domain that is running
      When the client calls undefineFlags with <flag>
      Then the call succeeds where the driver takes the flag, and elsewhere it is refused as INVALID_ARG and nothing has changed

      Examples:
        | flag                 |
        | MANAGED_SAVE         |
        | SNAPSHOTS_METADATA   |
        | NVRAM                |
        | KEEP_NVRAM           |
        | CHECKPOINTS_METADATA |
        | TPM                  |
        | KEEP_TPM             |

  @UNDEF-027
  Rule: A refusal for the domain's state is OPERATION_INVALID

    @id.undefine
    Scenario Outline: undefine is refused as OPERATION_INVALID for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefine
      Then it is refused with OPERATION_INVALID, if it is refused

      @needs.managed-save
      Examples:
        | situation                          |
        | inactive with a managed save image |

      @needs.managed-save @needs.transient @needs.image-beside-guest
      Examples:
        | situation                         |
        | running with a managed save image |

      @needs.transient
      Examples:
        | situation             |
        | running and transient |

      @needs.undefine-active
      Examples:
        | situation                              |
        | running and made transient by undefine |

    @id.undefineflags
    Scenario Outline: undefineFlags is refused as OPERATION_INVALID for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag, and again with every other flag except MANAGED_SAVE beside it
      Then it is refused with OPERATION_INVALID, if it is refused

      @needs.managed-save
      Examples:
        | situation                          |
        | inactive with a managed save image |

      @needs.managed-save @needs.transient @needs.image-beside-guest
      Examples:
        | situation                         |
        | running with a managed save image |

      @needs.transient
      Examples:
        | situation             |
        | running and transient |

      @needs.undefine-active
      Examples:
        | situation                              |
        | running and made transient by undefine |

  @UNDEF-028
  Rule: A refused undefine changes nothing

    @id.undefine
    Scenario Outline: undefine that is refused leaves a domain that is <situation> as it was
      Given a domain that is <situation>
      When the client calls undefine
      Then the call is refused and nothing has changed

      @needs.managed-save
      Examples:
        | situation                          |
        | inactive with a managed save image |

      @needs.managed-save @needs.autostart
      Examples:
        | situation                                            |
        | set to autostart, inactive with a managed save image |

      @needs.managed-save @needs.transient @needs.image-beside-guest
      Examples:
        | situation                         |
        | running with a managed save image |

    @id.undefineflags
    Scenario Outline: undefineFlags that is refused leaves a domain that is <situation> as it was
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag, and again with every other flag except MANAGED_SAVE beside it
      Then the call is refused and nothing has changed

      @needs.managed-save @needs.autostart
      Examples:
        | situation                                            |
        | set to autostart, inactive with a managed save image |

      @needs.managed-save @needs.transient @needs.image-beside-guest
      Examples:
        | situation                         |
        | running with a managed save image |

      @needs.managed-save @needs.transient @needs.image-beside-guest @needs.pause
      Examples:
        | situation                        |
        | paused with a managed save image |

    @id.transient
    Scenario Outline: undefineFlags leaves a domain that is <situation> as it was, where it is refused
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag, and again with every other flag beside it
      Then nothing has changed, if it is refused

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

    @id.snapshots-kept @needs.managed-save @needs.snapshot-metadata
    Scenario: A refusal for the image leaves the snapshots, also where their flag is given
      Given a domain that is inactive with a managed save image and a snapshot
      When the client calls undefineFlags with no flag, and again with every other flag except MANAGED_SAVE beside it
      Then the call is refused and nothing has changed

    @id.checkpoints-kept @needs.managed-save @needs.checkpoint-metadata
    Scenario: A refusal for the image leaves the checkpoints, also where their flag is given
      Given a domain that is inactive with a managed save image and a checkpoint
      When the client calls undefineFlags with no flag, and again with every other flag except MANAGED_SAVE beside it
      Then the call is refused and nothing has changed

    @id.kept-for-other-metadata @needs.snapshot-metadata @needs.checkpoint-metadata @needs.snapshot-beside-checkpoint
    Scenario Outline: A refusal for the other kind of metadata leaves both, also where <flag> is given
      Given a domain that is inactive with a snapshot and a checkpoint
      When the client calls undefineFlags with <flag>
      Then the call is refused and nothing has changed

      Examples:
        | flag                 |
        | SNAPSHOTS_METADATA   |
        | CHECKPOINTS_METADATA |

    @id.kept-for-nvram @needs.nvram
    Scenario Outline: A refusal for the nvram file leaves a domain that is <situation> as it was, also where <flag> is given
      Given a domain that is <situation>
      When the client calls undefineFlags with <flag>
      Then the call is refused and nothing has changed

      @needs.managed-save
      Examples:
        | situation                                            | flag         |
        | inactive with an nvram file and a managed save image | MANAGED_SAVE |

      @needs.snapshot-metadata
      Examples:
        | situation                                  | flag               |
        | inactive with an nvram file and a snapshot | SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata
      Examples:
        | situation                                    | flag                 |
        | inactive with an nvram file and a checkpoint | CHECKPOINTS_METADATA |

    @id.image-stays-usable @needs.managed-save @needs.restore-shown
    Scenario: The guest can still be restored from the image after a refusal
      Given a domain that is inactive with a managed save image
      When the client calls undefine
      Then the call is refused and nothing has changed
      When the client calls create
      Then the call succeeds
      And the guest was restored

    @id.applications @needs.undefine-flags
    Scenario Outline: <flags>, as applications give them, do all or nothing to an inactive domain
      Given a domain that is inactive
      When the client calls undefineFlags with <flags>
      Then the call succeeds and the domain is gone, or it is refused and nothing has changed

      Examples:
        | flags                                         |
        | MANAGED_SAVE and NVRAM                        |
        | MANAGED_SAVE and KEEP_NVRAM and KEEP_TPM      |
        | KEEP_NVRAM and CHECKPOINTS_METADATA           |
        | NVRAM and CHECKPOINTS_METADATA                |
        | SNAPSHOTS_METADATA and MANAGED_SAVE and NVRAM |
        | NVRAM and TPM                                 |
        | KEEP_NVRAM and KEEP_TPM                       |

    @id.applications-with-everything @needs.undefine-flags
    Scenario Outline: <flags>, as applications give them, do all or nothing to a domain that holds everything it can
      Given a domain that is inactive with everything it can hold
      When the client calls undefineFlags with <flags>
      Then the call succeeds and the domain is gone, or it is refused and nothing has changed

      Examples:
        | flags                                         |
        | MANAGED_SAVE and NVRAM                        |
        | MANAGED_SAVE and KEEP_NVRAM and KEEP_TPM      |
        | KEEP_NVRAM and CHECKPOINTS_METADATA           |
        | NVRAM and CHECKPOINTS_METADATA                |
        | SNAPSHOTS_METADATA and MANAGED_SAVE and NVRAM |
        | NVRAM and TPM                                 |
        | KEEP_NVRAM and KEEP_TPM                       |

    @id.applications-running @needs.undefine-flags
    Scenario Outline: <flags>, as applications give them, do all or nothing to a running domain that holds everything it can
      Given a domain that is running with everything it can hold
      When the client calls undefineFlags with <flags>
      Then the call succeeds and the guest is as it was, or it is refused and nothing has changed

      Examples:
        | flags                                         |
        | MANAGED_SAVE and NVRAM                        |
        | MANAGED_SAVE and KEEP_NVRAM and KEEP_TPM      |
        | KEEP_NVRAM and CHECKPOINTS_METADATA           |
        | NVRAM and CHECKPOINTS_METADATA                |
        | SNAPSHOTS_METADATA and MANAGED_SAVE and NVRAM |
        | NVRAM and TPM                                 |
        | KEEP_NVRAM and KEEP_TPM                       |
