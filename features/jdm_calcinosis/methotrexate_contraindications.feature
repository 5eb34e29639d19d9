Feature: Reasons against methotrexate
  Each reason alone withholds methotrexate, and every reason is listed.

  @S09a
  Scenario Outline: One reason is enough
    Given an 8-year-old child, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And <finding>
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is withheld because "<reason>"
    And methotrexate cites Enders 2017 (SHARE), evidence level 4, strength D
    Examples: reasons of the patient
      | finding                                              | reason                                                    |
      | an eGFR of 28                                        | Severe renal impairment, eGFR below 30                    |
      | alcohol misuse                                       | contraindicated in alcohol misuse                         |
      | a chronic liver disease                              | contraindicated in chronic liver disease                  |
      | an immunodeficiency                                  | contraindicated in immunodeficiency                       |
      | a blood dyscrasia                                    | contraindicated in a pre-existing blood disorder          |
      | an active serious infection                          | contraindicated in an active serious infection            |
      | untreated latent tuberculosis                        | tuberculosis that is active, or latent and untreated      |
      | an active oral ulcer                                 | while a peptic or oral ulcer is active                    |
      | an allergy to methotrexate                           | Hypersensitivity to methotrexate is recorded              |
      | co-trimoxazole is given as treatment                 | in treatment dose with methotrexate suppresses the marrow |
      | co-trimoxazole is listed although its use is denied  | although its use is given as none                         |
      | nitrous oxide is planned                             | Nitrous oxide is planned                                  |
      | a live vaccine is planned                            | A live vaccine is planned or was given within 4 weeks     |
      | the clinician calls the rise hepatic                 | methotrexate waits unless the rise is not hepatic         |

  @S09a
  Scenario Outline: Pregnancy and breastfeeding
    Given a 16-year-old girl, 165 cm tall, weighing 60 kg
    And newly diagnosed juvenile dermatomyositis
    And <finding>
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is withheld because "<reason>"
    Examples: reasons of a young woman
      | finding               | reason                                    |
      | she is pregnant       | Methotrexate harms the unborn child       |
      | pregnancy is possible | contraindicated in pregnancy              |
      | she is breastfeeding  | contraindicated while breastfeeding       |

  @S09a
  Scenario: All reasons are listed, not only the first
    Given an 8-year-old child, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And alcohol misuse
    And a chronic liver disease
    And nitrous oxide is planned
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then 3 reasons against methotrexate are listed

  @S09a
  Scenario: Prophylactic co-trimoxazole waits for the specialist
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And co-trimoxazole is given as prophylaxis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the specialist's acceptance of co-trimoxazole prophylaxis beside methotrexate
    And no dose of methotrexate is offered
    And an alert says "Co-trimoxazole is used as prophylaxis"

  @S09a
  Scenario: The specialist accepts prophylactic co-trimoxazole
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And co-trimoxazole is given as prophylaxis
    And the specialist accepts the prophylaxis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 14.42 to 19.23 mg once a week

  @S09a
  Scenario: The specialist does not accept prophylactic co-trimoxazole
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And co-trimoxazole is given as prophylaxis
    And the specialist does not accept the prophylaxis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is withheld because "it has not been accepted"

  @S09a
  Scenario: Transaminases that may come from the muscle are a question, not a stop
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And an ALT of 150 with an upper limit of 40
    And a CK of 6400 (normal 30 to 190)
    And a GGT of 14 (normal 5 to 25)
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the hepatic origin of the transaminase rise
    And an alert says "The muscle may be the source"
    And no dose of methotrexate is offered

  @S09a
  Scenario: A muscular rise of the transaminases does not stand against methotrexate
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And an ALT of 150 with an upper limit of 40
    And the clinician calls the rise muscular
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 14.42 to 19.23 mg once a week
