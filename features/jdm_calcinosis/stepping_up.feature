Feature: When treatment is not enough
  An inadequate response, persistent skin disease, severe disease and refractory disease each call for a stronger step.

  @T10
  Scenario Outline: An inadequate response in the first 12 weeks
    Given an 8-year-old girl
    And newly diagnosed juvenile dermatomyositis
    And takes prednisolone 40 mg every day
    And the response to treatment is <response>
    And treatment began <weeks> weeks ago
    When the guideline is applied
    Then stepping up in the first 12 weeks <outcome>
    Examples:
      | response   | weeks | outcome              |
      | inadequate | 6     | is worth considering |
      | inadequate | 12    | is worth considering |
      | inadequate | 12.1  | does not apply       |
      | adequate   | 6     | does not apply       |

  @T10
  Scenario: Nobody has said whether treatment works
    Given an 8-year-old girl
    And newly diagnosed juvenile dermatomyositis
    And takes prednisolone 40 mg every day
    And treatment began 6 weeks ago
    When the guideline is applied
    Then stepping up in the first 12 weeks waits for the response to treatment

  @T10
  Scenario Outline: Reasons against stepping up
    Given an 8-year-old girl
    And newly diagnosed juvenile dermatomyositis
    And takes prednisolone 40 mg every day
    And the response to treatment is inadequate
    And treatment began 6 weeks ago
    And <finding>
    When the guideline is applied
    Then stepping up in the first 12 weeks is withheld because "<reason>"
    Examples:
      | finding                     | reason                                            |
      | an active serious infection | do not intensify immunosuppression                |
      | a live vaccine is planned   | settle its timing before immunosuppression        |
      | a blood dyscrasia           | Low blood counts or a blood disorder              |

  @T13
  Scenario: Skin disease that persists
    Given an 8-year-old girl
    And established, active juvenile dermatomyositis
    And the skin disease is active
    When the guideline is applied
    Then stepping up for the skin is recommended
    And the text of stepping up for the skin says "Topical tacrolimus 0.1 % or a topical steroid may help"
    And stepping up for the skin cites Enders 2017 (SHARE), evidence level 4, strength D

  @T13
  Scenario: Skin disease that has settled
    Given an 8-year-old girl
    And established, active juvenile dermatomyositis
    And the skin disease has settled
    When the guideline is applied
    Then stepping up for the skin does not apply

  @T15
  Scenario Outline: Severe disease
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And <sign>
    And everything else that cyclophosphamide needs is known and unremarkable
    When the guideline is applied
    Then cyclophosphamide is worth considering at 480.74 to 961.48 mg an infusion
    And cyclophosphamide cites Enders 2017 (SHARE), evidence level not read, strength not read
    Examples:
      | sign                      |
      | the skin ulcerates        |
      | a major organ is involved |

  @T15
  Scenario: Whether an ulceration is extensive is asked
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And the skin ulcerates
    And everything else that cyclophosphamide needs is known and unremarkable
    When the guideline is applied
    Then cyclophosphamide is worth considering
    And the question "Is the skin ulceration extensive? The row speaks of extensive ulcerative skin disease." is put

  @T15
  Scenario: No severe disease
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And the skin does not ulcerate and no major organ is involved
    And everything else that cyclophosphamide needs is known and unremarkable
    When the guideline is applied
    Then cyclophosphamide does not apply

  @T15
  Scenario Outline: Reasons against cyclophosphamide
    Given a 16-year-old girl, 165 cm tall, weighing 60 kg
    And established, active juvenile dermatomyositis
    And the skin ulcerates
    And <finding>
    And everything else that cyclophosphamide needs is known and unremarkable
    When the guideline is applied
    Then cyclophosphamide is withheld because "<reason>"
    And no dose of cyclophosphamide is offered
    Examples:
      | finding                       | reason                                       |
      | she is pregnant               | contraindicated in pregnancy                 |
      | pregnancy is possible         | not given while pregnancy is possible        |
      | she is breastfeeding          | contraindicated while breastfeeding          |
      | a live vaccine is planned     | settle its timing before cyclophosphamide    |
      | an active serious infection   | An active serious infection is recorded      |
      | a blood dyscrasia             | Low blood counts or a blood disorder         |
      | takes methotrexate every day  | Exclude an overdose                          |
      | an allergy to cyclophosphamide | Hypersensitivity to cyclophosphamide        |

  @T15
  Scenario: Nobody has excluded a pregnancy before cyclophosphamide
    Given a 16-year-old girl, 165 cm tall, weighing 60 kg
    And established, active juvenile dermatomyositis
    And the skin ulcerates
    And her pregnancy status is not known
    And everything else that cyclophosphamide needs is known and unremarkable
    When the guideline is applied
    Then cyclophosphamide waits for the pregnancy status
    And no dose of cyclophosphamide is offered

  @T16 @T17
  Scenario: Refractory disease
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And the disease is resistant to treatment
    And takes no medicines
    When the guideline is applied
    Then rituximab is worth considering
    And the text of rituximab says "may take up to 26 weeks"
    And no dose of rituximab is offered
    And anti-TNF treatment is worth considering at 156 mg an infusion
    And anti-TNF treatment is given as infliximab
    And rituximab cites Enders 2017 (SHARE), evidence level not read, strength not read

  @T16 @T17
  Scenario: The disease responds
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And the disease responds to treatment
    And takes no medicines
    When the guideline is applied
    Then rituximab does not apply
    And anti-TNF treatment does not apply

  @T16 @T17
  Scenario: Rituximab and infliximab are taken already
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And the disease is resistant to treatment
    And takes rituximab
    When the guideline is applied
    Then rituximab does not apply
    And anti-TNF treatment is worth considering

  @T16 @T17
  Scenario Outline: Reasons against rituximab and anti-TNF treatment
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And the disease is resistant to treatment
    And takes no medicines
    And <finding>
    When the guideline is applied
    Then <treatment> is withheld because "<reason>"
    Examples:
      | finding                      | treatment          | reason                                      |
      | active hepatitis B           | rituximab          | Active hepatitis B is recorded              |
      | a live vaccine is planned    | rituximab          | live vaccines are withheld with biologics   |
      | an allergy to rituximab      | rituximab          | Hypersensitivity to rituximab               |
      | untreated latent tuberculosis | anti-TNF treatment | latent and untreated                       |
      | active hepatitis B           | anti-TNF treatment | Active hepatitis B is recorded              |
      | a live vaccine is planned    | anti-TNF treatment | live vaccines are withheld with biologics   |
      | an active serious infection  | anti-TNF treatment | controlled before immunosuppression         |

  @T16
  Scenario: Past hepatitis B is a caution
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And the disease is resistant to treatment
    And takes no medicines
    And past hepatitis B
    When the guideline is applied
    Then rituximab is worth considering
    And rituximab comes with the caution "Past hepatitis B is recorded"

  @T17
  Scenario: An allergy to infliximab leaves adalimumab
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And the disease is resistant to treatment
    And takes no medicines
    And an allergy to infliximab
    When the guideline is applied
    Then anti-TNF treatment is worth considering
    And anti-TNF treatment is given as adalimumab
    And no dose of infliximab is offered
