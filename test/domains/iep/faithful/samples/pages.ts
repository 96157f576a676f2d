/**
 * Twelve pages of an invented child's IEP, as text recognition gives them back: forms, tables (one goes on over two
 * pages), formulas where a page has a percent sign, capital letters, footers.
 */
const texts = [
  `# INDIVIDUALIZED EDUCATION PROGRAM

**Student Name:** Ada M. Lovelace   **Date of Birth:** 12/10/2016   **Age:** 9   **Grade:** 4
**District:** Harbor Bay Unified School District   **School:** Juniper Elementary School
**Student ID:** [ID]   **Home Phone:** [PHONE]

| Meeting type | Date |
| --- | --- |
| Annual IEP meeting | 03/12/2026 |
| Next annual review due | 03/11/2027 |
| Last triennial evaluation | 10/04/2024 |
| Next triennial evaluation due | 10/04/2027 |

Parent/Guardian: Grace Hopper (mother)  Home language: Spanish. Interpreter requested: Yes

Page 1 of 12`,

  `## Meeting participants

| Name | Title | Signature date |
| :-- | :-- | :-- |
| Hopper, Grace | Parent | 3/12/26 |
| Lovelace, Linus | Parent | 3/12/26 |
| Marisol Vega-Ruiz | Education Specialist / Case Manager | 3/12/26 |
| Kevin O’Brien | General Education Teacher | 3/12/26 |
| Dr. Priya Natarajan | School Psychologist | 3/13/26 |
| Thuy Nguyen | Speech-Language Pathologist | 3/12/26 |
| J. Whitfield | LEA Representative | 3/12/26 |

Page 2 of 12`,

  `# PRESENT LEVELS OF ACADEMIC ACHIEVEMENT AND FUNCTIONAL PERFORMANCE

**Reading.** On the winter benchmark (January 14, 2026) Ada read 58 words correct per minute on a third-grade passage with $91 \\%$ accuracy. The fall score was 46. Her instructional level is 2.5.

**Writing.** Ada writes three to four sentences about a picture. She scored 1.5 of 4 points on the district rubric.

**Mathematics.** Ada solves one-step word problems with $80 \\%$ accuracy and two-step problems with $35 \\%$ accuracy (7 out of 20).

| Woodcock-Johnson IV | Standard Score | Percentile |
| --- | --- | --- |
| Broad Reading | 78 | 7 |
| Broad Mathematics | 89 | 23 |
| Broad Written Language | 82 | 12 |

Page 3 of 12`,

  `**Communication.** Ms. Nguyen tested Ada on February 3, 2026. Ada follows two-step directions in 9 of 10 trials and three-step directions in 5 of 10 trials. She says the /r/ sound correctly in 40% of words.

**Gross/Fine Motor.** Ada tires after 8 minutes of handwriting.

**Social/Emotional.** Ada has two close friends. When work is hard she asks for a break about 3 times per day.

**Health.** Vision and hearing: passed 09/15/2025. Ada wears glasses. No medication.

**Parent concerns.** Mrs. Hopper reports that homework takes up to 1 1/2 hours each evening. She would like Ada to read on her own by next summer.

Page 4 of 12`,

  `## STRENGTHS / PREFERENCES / INTERESTS

Ada is curious, kind and persistent. She loves birds, maps and building with blocks. Mr. O’Brien reports that she is the first to help a new classmate. Math facts are a strength: she knows 88 of 100 multiplication facts.

## ELIGIBILITY

Primary disability: Specific Learning Disability (SLD)
Secondary disability: Speech or Language Impairment (SLI)
First eligible: 10/09/2022

Dr. Natarajan found a difference of 24 points between Ada’s reasoning (98) and basic reading (74). The criterion is 22.5 points.

Page 5 of 12`,

  `## ANNUAL GOALS

**Annual Goal #1: Reading fluency.** By 03/11/2027, when given a fourth-grade passage, Ada will read 90 words correct per minute with $95 \\%$ accuracy in 4 out of 5 trials as measured by weekly timed readings. Person responsible: Marisol Vega-Ruiz

- Short-term objective: By 06/12/2026, 66 words correct per minute
- Short-term objective: By 11/20/2026, 78 words correct per minute

**Annual Goal #2: Articulation.** By 03/11/2027, Ada will say /r/ in conversation with 80–90% accuracy across 3 consecutive sessions. Person responsible: Thuy Nguyen

Page 6 of 12`,

  `**Annual Goal #3: Math word problems.** By 03/11/2027, Ada will solve two-step word problems with $80 \\%$ accuracy in $4 / 5$ trials. Baseline: $35 \\%$. Person responsible: Marisol Vega-Ruiz

Progress will be reported quarterly with report cards.

Page 7 of 12`,

  `## SPECIAL EDUCATION AND RELATED SERVICES

| Service | Provider | Duration/Frequency | Location | Start | End |
| --- | --- | --- | --- | --- | --- |
| Specialized academic instruction | Education Specialist | 45 min x 4 Totaling: 180 min served Weekly | Resource room | 3/12/2026 | 3/11/2027 |
| Language and speech | Speech-Language Pathologist | 30 min x 2 Totaling: 60 min served Weekly | Therapy room | 3/12/2026 | 3/11/2027 |
| Occupational therapy | OT | 30 minutes, 1x/week | Classroom | 3/19/2026 | 3/11/2027 |

Extended school year: Yes. June 15, 2026 to July 10, 2026.

Page 8 of 12`,

  `| ESY reading instruction | Education Specialist | 120 min daily | Room 12 | 6/15/2026 | 7/10/2026 |

| Consultation | Minutes per month |
| --- | --- |
| Education Specialist to teacher | 20 |
| Psychologist to team | 15 |

Transportation: not needed. Bus at 7:35 a.m. is general transportation.

Page 9 of 12`,

  `## LEAST RESTRICTIVE ENVIRONMENT

Ada is outside the regular class 16 % of the time and in the regular class 84% of the time. The team considered a special day class and decided against it because Ada makes progress in a group of no more than six students.

Page 10 of 12`,

  `## ACCOMMODATIONS

1. Extended time (time and a half, 50% more) on tests
2. Seat within 6 feet of the teacher
3. A break of 3 minutes after every 20 minutes of writing
4. Text-to-speech for passages longer than 200 words
5. Directions repeated and shortened

Statewide testing (CAASPP): text-to-speech, separate setting.

Page 11 of 12`,

  `## CONSENT

I have received a copy of the procedural safeguards on March 2, 2026. I consent to the IEP dated 3/12/2026, except for the following: none.

Parent signature: Grace Hopper  Date: March 16, 2026

The district will send a Spanish translation within thirty (30) days. Medi-Cal: consent to bill given on 3/16/2026.

Page 12 of 12`,
]

export const pages: ReadonlyMap<number, string> = new Map(texts.map((text, at) => [at + 1, text]))
