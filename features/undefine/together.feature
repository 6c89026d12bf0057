Feature: Undefine and another call at the same moment
  Two clients of one driver know nothing of each other, and each has to be told the truth.

  @UNDEF-033
  Rule: Two calls at once end as if one had come after the other

    @id.undefined-twice
    Scenario Outline: Of undefine and <other> at once, exactly one succeeds on a domain that is <situation>
      Given two clients that share, round after round, a domain that is <situation>
      When the one calls undefine while the other calls <other>
      Then every round ends as if one call had come after the other
      And the driver answers on a fresh connection

      Examples:
        | case     | situation | other    |
        | inactive | inactive  | undefine |

      @needs.undefine-flags
      Examples:
        | case           | situation | other                      |
        | inactive-flags | inactive  | undefineFlags with no flag |

      @needs.start @needs.undefine-active
      Examples:
        | case    | situation | other    |
        | running | running   | undefine |

    @id.undefined-and-started @needs.start @needs.undefine-active
    Scenario: Undefine and create at once leave no guest whose domain is gone
      Given two clients that share, round after round, a domain that is inactive
      When the one calls undefine while the other calls create
      Then every round ends as if one call had come after the other
      And no guest is left running whose domain is gone
      And the driver answers on a fresh connection

    @id.undefined-and-saved @needs.start @needs.managed-save @needs.undefine-active
    Scenario Outline: <call> and managedSave at once leave no managed save image whose domain is gone
      Given two clients that share, round after round, a domain that is running
      When the one calls <call> while the other calls managedSave
      Then every round ends as if one call had come after the other
      And a domain defined again has no managed save image
      And no guest is left running whose domain is gone
      And the driver answers on a fresh connection

      Examples:
        | call     |
        | undefine |

      @needs.undefine-flags
      Examples:
        | call                            |
        | undefineFlags with MANAGED_SAVE |

    @id.undefined-and-defined
    Scenario Outline: Undefine and defineXML at once leave a domain that is whole, or none, where it is <situation>
      Given two clients that share, round after round, a domain that is <situation>
      When the one calls undefine while the other calls defineXML with its definition
      Then every round ends as if one call had come after the other
      And the driver answers on a fresh connection

      Examples:
        | situation |
        | inactive  |

      @needs.start @needs.undefine-active
      Examples:
        | situation |
        | running   |

    @id.undefined-and-stopped @needs.start @needs.undefine-active
    Scenario: Undefine and destroy at once leave nothing
      Given two clients that share, round after round, a domain that is running
      When the one calls undefine while the other calls destroy
      Then every round ends as if one call had come after the other
      And no guest is left running whose domain is gone
      And the driver answers on a fresh connection
