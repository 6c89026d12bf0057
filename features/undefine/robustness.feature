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
        | situation                              |
        | running                                |
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
        | situation                              |
        | running                                |
        | running and made transient by undefine |

      @needs.start @needs.managed-save
      Examples:
        | situation                          |
        | inactive with a managed save image |

      @needs.start @needs.transient @needs.image-beside-guest @needs.managed-save
      Examples:
        | situation                         |
        | running with a managed save image |
