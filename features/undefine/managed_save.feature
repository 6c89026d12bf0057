Feature: Undefining a domain that has a managed save image
  The image is the memory of a guest.
  Libvirt removes it when it is told to, never by the way, and never leaves it to a stranger.

  @UNDEF-011
  Rule: A managed save image stands in the way

    @id.undefine-refused
    Scenario: undefine is refused while there is an image
      Given a domain that is inactive with a managed save image
      When the client calls undefine
      Then the call is refused and nothing has changed

    @id.undefineflags-refused
    Scenario: undefineFlags is refused while there is an image and MANAGED_SAVE is not given
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with no flag, and again with every other flag except MANAGED_SAVE beside it
      Then the call is refused and nothing has changed

    @id.refused-as-often-as-asked
    Scenario Outline: <call> that was refused for the image is refused again
      Given a domain that is inactive with a managed save image
      When the client calls <call>
      Then the call is refused and nothing has changed
      When the client calls <call>
      Then the call is refused and nothing has changed

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

    @id.removed
    Scenario: MANAGED_SAVE removes image and definition
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with MANAGED_SAVE
      Then the call succeeds
      And the domain is gone

    @id.paused-image @needs.pause
    Scenario: The image of a guest that was paused is protected like any other
      Given a domain that is inactive with a managed save image of a paused guest
      When the client calls undefineFlags with no flag, and again with every other flag except MANAGED_SAVE beside it
      Then the call is refused and nothing has changed

    @id.paused-image-removed @needs.pause
    Scenario: MANAGED_SAVE removes the image of a guest that was paused like any other
      Given a domain that is inactive with a managed save image of a paused guest
      When the client calls undefineFlags with MANAGED_SAVE
      Then the call succeeds
      And the domain is gone

    @id.removed-image-no-longer-counts
    Scenario: An image that the caller has removed no longer stands in the way
      Given a domain that is inactive with a managed save image
      When the client calls managedSaveRemove
      And the client calls undefine
      Then every call succeeded
      And the domain is gone

  @UNDEF-012
  Rule: No image is left behind

    @id.same-uuid
    Scenario: A domain defined again under the name and UUID has no image
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with MANAGED_SAVE
      And the client defines it again
      Then every call succeeded
      And no managed save image is reported

    @id.same-name
    Scenario: Another domain defined under the name has no image
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with MANAGED_SAVE
      And the client defines another domain of its name
      Then every call succeeded
      And no managed save image is reported for the other domain

    @id.starts
    Scenario: A domain defined again can be started
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with MANAGED_SAVE
      And the client defines it again
      And the client calls create
      Then every call succeeded
      And the domain is running

    @id.boots-afresh @needs.restore-shown
    Scenario: A domain defined again boots afresh
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with MANAGED_SAVE
      And the client defines it again
      And the client calls create
      Then every call succeeded
      And the guest was booted, not restored

    @id.namesake-boots-afresh @needs.restore-shown
    Scenario: Another domain defined under the name boots afresh
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with MANAGED_SAVE
      And the client defines another domain of its name
      And the client starts the other domain
      Then every call succeeded
      And the other guest was booted, not restored

  @UNDEF-013
  Rule: The flag without an image is harmless

    @id.inactive
    Scenario: An inactive domain without an image is removed
      Given a domain that is inactive
      When the client calls undefineFlags with MANAGED_SAVE
      Then the call succeeds
      And the domain is gone

    @id.active @needs.start @needs.undefine-active
    Scenario Outline: A domain that is <situation> and has no image goes on as a transient one
      Given a domain that is <situation>
      When the client calls undefineFlags with MANAGED_SAVE
      Then the call succeeds
      And the guest is as it was
      And the domain is transient

      Examples:
        | situation |
        | running   |

      @needs.pause
      Examples:
        | situation |
        | paused    |

  @UNDEF-014
  Rule: No other flag stands in for MANAGED_SAVE

    @id.one-flag
    Scenario Outline: <flag> does not stand in for MANAGED_SAVE
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with <flag>
      Then the call is refused and nothing has changed

      Examples:
        | flag                 |
        | SNAPSHOTS_METADATA   |
        | NVRAM                |
        | KEEP_NVRAM           |
        | CHECKPOINTS_METADATA |
        | TPM                  |
        | KEEP_TPM             |

    @id.mixes
    Scenario: No mix of other flags that the driver takes stands in for MANAGED_SAVE
      Given a domain that is inactive with a managed save image
      When the client calls undefineFlags with every mix of flags except MANAGED_SAVE
      Then the call is refused and nothing has changed

  @UNDEF-015
  Rule: An active domain's image is protected too

    @id.undefine-refused
    Scenario Outline: undefine is refused for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefine
      Then the call is refused and nothing has changed

      Examples:
        | situation                         |
        | running with a managed save image |

      @needs.pause
      Examples:
        | situation                        |
        | paused with a managed save image |

    @id.undefineflags-refused
    Scenario Outline: undefineFlags without MANAGED_SAVE is refused for a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag, and again with every other flag except MANAGED_SAVE beside it
      Then the call is refused and nothing has changed

      Examples:
        | situation                         |
        | running with a managed save image |

      @needs.pause
      Examples:
        | situation                        |
        | paused with a managed save image |

    @id.removed @needs.undefine-active
    Scenario Outline: MANAGED_SAVE removes the image of a domain that is <situation> and leaves the guest
      Given a domain that is <situation>
      When the client calls undefineFlags with MANAGED_SAVE
      Then the call succeeds
      And the guest is as it was
      And the domain is transient
      And no managed save image is reported

      Examples:
        | situation                         |
        | running with a managed save image |

      @needs.pause
      Examples:
        | situation                        |
        | paused with a managed save image |

    @id.nothing-left @needs.undefine-active
    Scenario: Neither domain nor image is left once the guest has stopped
      Given a domain that is running with a managed save image
      When the client calls undefineFlags with MANAGED_SAVE
      And the client calls destroy
      And the client defines it again
      Then every call succeeded
      And the domain holds nothing but its definition

  @UNDEF-016
  Rule: Only a managed save image counts

    @id.saved-to-a-file @needs.save-file
    Scenario Outline: <call> needs no flag for a domain that was saved to a file
      Given a domain that is inactive and was saved to a file
      When the client calls <call>
      Then the call succeeds
      And the domain is gone
      And the file that it was saved to is still there

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

    @id.file-is-not-an-image @needs.save-file @needs.managed-save
    Scenario: A file that the caller saved to is not reported as a managed save image
      Given a domain that is inactive and was saved to a file
      Then no managed save image is reported

    @id.consumed-by-start @needs.managed-save @needs.undefine-active
    Scenario: A start consumes the image, and undefine then needs no flag
      Given a domain that is inactive with a managed save image
      When the client calls create
      Then the call succeeds
      And no managed save image is reported
      When the client calls undefine
      Then the call succeeds
      And the domain is transient

    @id.consumed-by-force-boot @needs.managed-save @needs.force-boot @needs.undefine-active
    Scenario: A start with FORCE_BOOT discards the image, and undefine then needs no flag
      Given a domain that is inactive with a managed save image
      When the client calls createWithFlags with FORCE_BOOT
      Then the call succeeds
      And no managed save image is reported
      When the client calls undefine
      Then the call succeeds
      And the domain is transient

    @id.refused-for-transient @needs.managed-save
    Scenario Outline: A domain that is <situation> cannot be given a managed save image
      Given a domain that is <situation>
      When the client calls managedSave
      Then the call is refused and nothing has changed

      @needs.undefine-active
      Examples:
        | situation                              |
        | running and made transient by undefine |

      @needs.transient
      Examples:
        | situation             |
        | running and transient |
