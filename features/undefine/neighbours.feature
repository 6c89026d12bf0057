Feature: What a domain holds until it is undefined
  A refusal protects what is still there.
  Other calls must not have taken it away before.

  @UNDEF-036
  Rule: What a domain holds survives a new definition and a rename

    @id.image-after-redefinition @needs.start @needs.managed-save
    Scenario: Defining a domain anew leaves its image, and undefine is refused still
      Given a domain that is inactive with a managed save image
      When the client defines it again
      Then the call succeeds
      And a managed save image is reported
      When the client calls undefine
      Then the call is refused and nothing has changed

    @id.metadata-after-redefinition
    Scenario Outline: Defining a domain that is <situation> anew leaves the metadata
      Given a domain that is <situation>
      When the client defines it again
      Then the call succeeds
      And its metadata is as it was

      @needs.snapshot-metadata
      Examples:
        | situation                |
        | inactive with a snapshot |

      @needs.checkpoint-metadata
      Examples:
        | situation                  |
        | inactive with a checkpoint |

    @id.autostart-after-redefinition @needs.autostart
    Scenario: Defining a domain anew leaves autostart on
      Given a domain that is set to autostart
      When the client defines it again
      Then the call succeeds
      And autostart is on

    @id.image-after-rename @needs.rename @needs.start @needs.managed-save
    Scenario: A rename carries the image along, or is refused
      Given a domain that is inactive with a managed save image
      When the client calls rename to a free name
      Then a managed save image is reported

    @id.metadata-after-rename @needs.rename
    Scenario Outline: A rename of a domain that is <situation> carries the metadata along, or is refused
      Given a domain that is <situation>
      When the client calls rename to a free name
      Then its metadata is as it was

      @needs.snapshot-metadata
      Examples:
        | situation                |
        | inactive with a snapshot |

      @needs.checkpoint-metadata
      Examples:
        | situation                  |
        | inactive with a checkpoint |

    @id.autostart-after-rename @needs.rename @needs.autostart
    Scenario: A rename carries autostart along, or is refused
      Given a domain that is set to autostart
      When the client calls rename to a free name
      Then autostart is on

    @id.metadata-after-rename-and-restart @needs.rename @needs.restart
    Scenario Outline: A rename of a domain that is <situation> carries the metadata along over a restart, too
      Given a domain that is <situation>
      When the client calls rename to a free name
      And the driver is restarted
      And the client looks the domain up again
      Then its metadata is as it was

      @needs.snapshot-metadata
      Examples:
        | situation                |
        | inactive with a snapshot |

      @needs.checkpoint-metadata
      Examples:
        | situation                  |
        | inactive with a checkpoint |

    @id.autostart-after-rename-and-restart @needs.rename @needs.restart @needs.autostart
    Scenario: A rename carries autostart along over a restart, too
      Given a domain that is set to autostart
      When the client calls rename to a free name
      And the driver is restarted
      And the client looks the domain up again
      Then autostart is on

    @id.metadata-removed-after-rename @needs.rename @needs.undefine-flags @needs.host-evidence
    Scenario Outline: <flag> removes the metadata of a domain that was <situation> also after a rename
      Given a domain that is <situation>
      When the client calls rename to a free name
      And the client calls undefineFlags with <flag>
      Then the call succeeds and the domain is gone, or it is refused and nothing has changed

      @needs.snapshot-metadata
      Examples:
        | situation                | flag               |
        | inactive with a snapshot | SNAPSHOTS_METADATA |

      @needs.checkpoint-metadata
      Examples:
        | situation                  | flag                 |
        | inactive with a checkpoint | CHECKPOINTS_METADATA |
