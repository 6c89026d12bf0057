Feature: Undefining a domain that has an nvram file or a TPM
  Boot entries and keys cannot be made anew.
  Whether they stay is the caller's decision, and libvirt asks for it.

  @UNDEF-021
  Rule: An nvram file stands in the way

    @id.undefine-refused
    Scenario Outline: undefine is refused for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefine
      Then the call is refused and nothing has changed

      Examples:
        | situation                   |
        | inactive with an nvram file |

      @needs.start
      Examples:
        | situation                  |
        | running with an nvram file |

      @needs.start @needs.pause
      Examples:
        | situation                 |
        | paused with an nvram file |

    @id.undefineflags-refused
    Scenario Outline: No flag but NVRAM and KEEP_NVRAM makes undefine succeed for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag, and again with every other flag except NVRAM and KEEP_NVRAM beside it
      Then the call is refused and nothing has changed

      Examples:
        | situation                   |
        | inactive with an nvram file |

      @needs.start
      Examples:
        | situation                  |
        | running with an nvram file |

      @needs.start @needs.pause
      Examples:
        | situation                 |
        | paused with an nvram file |

    @id.removed
    Scenario: NVRAM removes the file and the definition
      Given a domain that is inactive with an nvram file
      When the client calls undefineFlags with NVRAM
      Then the call succeeds
      And the domain is gone
      And the nvram file is gone

    @id.kept
    Scenario: KEEP_NVRAM removes the definition and leaves the file
      Given a domain that is inactive with an nvram file
      When the client calls undefineFlags with KEEP_NVRAM
      Then the call succeeds
      And the domain is gone
      And the nvram file is as it was

    @id.removed-active @needs.start @needs.undefine-active
    Scenario: NVRAM removes the file of a running domain, at the latest when its remainder has halted
      Given a domain that is running with an nvram file
      When the client calls undefineFlags with NVRAM
      Then the call succeeds
      And the guest is as it was
      And the domain is transient
      When the client calls destroy
      Then the call succeeds
      And the nvram file is gone

    @id.kept-active @needs.start @needs.undefine-active
    Scenario: KEEP_NVRAM leaves the file of a running domain, also when its remainder has halted
      Given a domain that is running with an nvram file
      When the client calls undefineFlags with KEEP_NVRAM
      Then the call succeeds
      And the guest is as it was
      And the domain is transient
      When the client calls destroy
      Then the call succeeds
      And the nvram file is as it was

  @UNDEF-022
  Rule: Opposite flags are refused

    @id.opposites
    Scenario Outline: <flags> are refused together for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefineFlags with <flags>
      Then the call is refused and nothing has changed, where the driver takes these flags

      Examples:
        | case           | situation | flags                |
        | inactive-nvram | inactive  | NVRAM and KEEP_NVRAM |
        | inactive-tpm   | inactive  | TPM and KEEP_TPM     |

      @needs.start
      Examples:
        | case          | situation | flags                |
        | running-nvram | running   | NVRAM and KEEP_NVRAM |
        | running-tpm   | running   | TPM and KEEP_TPM     |

      @needs.nvram
      Examples:
        | case            | situation                   | flags                |
        | with-nvram-file | inactive with an nvram file | NVRAM and KEEP_NVRAM |

      @needs.tpm @needs.start
      Examples:
        | case     | situation           | flags            |
        | with-tpm | inactive with a TPM | TPM and KEEP_TPM |

  @UNDEF-023
  Rule: An nvram file that is missing is the driver's choice

    @id.choice
    Scenario Outline: <call> of a domain whose nvram file is missing succeeds, or is refused
      Given a domain that is inactive with an nvram file that is missing
      When the client calls <call>
      Then the driver chooses to remove the domain, or to refuse and change nothing

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

  @UNDEF-024
  Rule: The TPM flags decide about the TPM's state

    @id.removed
    Scenario Outline: The state of a domain that is <situation> is gone after undefineFlags with <flag>
      Given a domain that is <situation>
      When the client calls undefineFlags with <flag>
      Then the call succeeds
      And the domain is gone
      And the TPM state is gone

      Examples:
        | case                       | situation                                         | flag    |
        | tpm                        | inactive with a TPM                               | TPM     |
        | tpm-to-be-kept             | inactive with a TPM whose state is to be kept     | TPM     |
        | no-flag-and-not-to-be-kept | inactive with a TPM whose state is not to be kept | no flag |

    @id.kept
    Scenario Outline: The state of a domain that is <situation> is kept by undefineFlags with <flag>
      Given a domain that is <situation>
      When the client calls undefineFlags with <flag>
      Then the call succeeds
      And the domain is gone
      And the TPM state is kept

      Examples:
        | case                    | situation                                         | flag     |
        | keep-tpm                | inactive with a TPM                               | KEEP_TPM |
        | keep-tpm-not-to-be-kept | inactive with a TPM whose state is not to be kept | KEEP_TPM |
        | no-flag-and-to-be-kept  | inactive with a TPM whose state is to be kept     | no flag  |

    @id.removed-at-the-stop @needs.undefine-active
    Scenario Outline: The state of a domain that is <situation> is gone when it stops after undefineFlags with <flag>
      Given a domain that is <situation>
      When the client calls undefineFlags with <flag>
      And the client calls destroy
      Then every call succeeded
      And the domain is gone
      And the TPM state is gone

      Examples:
        | case                       | situation                                        | flag    |
        | tpm                        | running with a TPM                               | TPM     |
        | tpm-to-be-kept             | running with a TPM whose state is to be kept     | TPM     |
        | no-flag-and-not-to-be-kept | running with a TPM whose state is not to be kept | no flag |

    @id.kept-at-the-stop @needs.undefine-active
    Scenario Outline: The state of a domain that is <situation> is kept when it stops after undefineFlags with <flag>
      Given a domain that is <situation>
      When the client calls undefineFlags with <flag>
      And the client calls destroy
      Then every call succeeded
      And the domain is gone
      And the TPM state is kept

      Examples:
        | case                    | situation                                        | flag     |
        | keep-tpm                | running with a TPM                               | KEEP_TPM |
        | keep-tpm-not-to-be-kept | running with a TPM whose state is not to be kept | KEEP_TPM |
        | no-flag-and-to-be-kept  | running with a TPM whose state is to be kept     | no flag  |

    @id.left-while-it-runs @needs.undefine-active
    Scenario Outline: The state of a running domain is left to its guest after undefineFlags with <flag>
      Given a domain that is running with a TPM
      When the client calls undefineFlags with <flag>
      Then the call succeeds
      And the guest is as it was
      And the TPM state is kept

      Examples:
        | flag     |
        | no flag  |
        | TPM      |
        | KEEP_TPM |
