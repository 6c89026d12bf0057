Feature: The driver after an undefine
  A daemon that dies takes the management of every other guest with it.

  @UNDEF-034
  Rule: The driver outlives every undefine

    @id.alive
    Scenario Outline: The driver answers after undefine met a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefine
      Then the driver answers on a fresh connection

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

    @id.alive-with-flags @needs.undefine-flags
    Scenario Outline: The driver answers after undefineFlags, with every flag, met a domain that is <situation>
      Given a domain that is <situation>
      When the client calls undefineFlags with no flag, and again with every other flag beside it
      Then the driver answers on a fresh connection

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

      @needs.start @needs.managed-save
      Examples:
        | situation                          |
        | inactive with a managed save image |

      @needs.start @needs.transient @needs.image-beside-guest @needs.managed-save
      Examples:
        | situation                         |
        | running with a managed save image |

  @UNDEF-035
  Rule: Storage is never touched

    @id.disk-kept
    Scenario Outline: <call> leaves the disk of a domain that is <situation>
      Given a domain that is <situation>
      When the client calls <call>
      Then the call succeeds
      And the disk is as it was

      Examples:
        | case                   | situation            | call                       |
        | inactive-undefine      | inactive with a disk | undefine                   |
        | inactive-undefineflags | inactive with a disk | undefineFlags with no flag |

      @needs.start @needs.undefine-active
      Examples:
        | case             | situation           | call     |
        | running-undefine | running with a disk | undefine |

    @id.disk-kept-by-every-flag @needs.undefine-flags
    Scenario: Every flag that the driver takes leaves the disk
      Given a domain that is inactive with a disk
      When the client calls undefineFlags with every flag that goes together
      Then the call succeeds
      And the domain is gone
      And the disk is as it was

    @id.disk-kept-after-the-stop @needs.start @needs.undefine-active
    Scenario: The disk is left also when the transient remainder has stopped
      Given a domain that is running with a disk
      When the client calls undefine
      And the client calls destroy
      Then every call succeeded
      And the domain is gone
      And the disk is as it was
