import type { Content } from '../../../../../src/domains/iep/content.ts'

/** A faithful account of the sample pages, as a careful model writes it. */
export const english: Content = {
  summary: `Ada is 9 years old and in grade 4 at Juniper Elementary School. She has a specific learning disability and a speech or language impairment. Her IEP was written on March 12, 2026, and the next yearly review is due by March 11, 2027.

Each week the school gives Ada 180 minutes of specialized academic instruction (45 minutes, 4 times per week), 60 minutes of speech therapy and 30 minutes of occupational therapy. She works on reading, the /r/ sound and math word problems. In the summer of 2026 she also gets 120 minutes of reading instruction each day from June 15 to July 10.`,
  summaryPages: [1, 5, 6, 7, 8, 9],
  sections: [
    {
      key: 'presentLevels',
      title: 'Present Levels',
      content: `**Reading:** On January 14, 2026, Ada read 58 words per minute in a third-grade text, with 91% accuracy. In the fall she read 46. Her instructional level is 2.5.

**Writing:** She writes 3 to 4 sentences about a picture and scored 1.5 of 4 points.

**Math:** She solves one-step word problems with 80% accuracy and two-step problems with 35% accuracy (7 out of 20).

| Test (Woodcock-Johnson IV) | Standard score | Percentile |
| --- | --- | --- |
| Broad Reading | 78 | 7 |
| Broad Mathematics | 89 | 23 |
| Broad Written Language | 82 | 12 |

**Speech:** Ms. Nguyen tested Ada in February 2026. Ada follows two-step directions in 9 of 10 trials and three-step directions in 5 of 10 trials. She says /r/ correctly in 40 percent of words.

**Other areas:**

- Ada tires after 8 minutes of handwriting.
- She asks for a break about three times a day when work is hard.
- She passed vision and hearing screening on September 15, 2025.
- Mrs. Hopper says that homework takes up to 1.5 hours each evening.`,
      found: true,
      pages: [3, 4],
    },
    {
      key: 'eligibility',
      title: 'Eligibility',
      content: `Ada is eligible because of a specific learning disability and a speech or language impairment. She was first found eligible on October 9, 2022.

Dr. Priya Natarajan found a difference of 24 points between reasoning (98) and basic reading (74). The rule asks for 22.5 points.`,
      found: true,
      pages: [2, 5],
    },
    {
      key: 'placement',
      title: 'Placement',
      content: `Ada spends 84% of her time in the regular class and 16% outside of it. The team considered a special day class. They decided against it because Ada makes progress in a group of no more than 6 students.`,
      found: true,
      pages: [10],
    },
    {
      key: 'goals',
      title: 'Goals',
      content: `1. **Reading fluency:** By March 11, 2027, Ada will read 90 words per minute in a grade 4 text with 95% accuracy in 4 out of 5 trials. This is measured with weekly timed readings. Marisol Vega-Ruiz is responsible.
   - By June 12, 2026: 66 words per minute
   - By November 20, 2026: 78 words per minute
2. **Articulation:** By March 11, 2027, Ada will say /r/ in conversation with 80% to 90% accuracy across 3 sessions. Thuy Nguyen is responsible.
3. **Math word problems:** By March 11, 2027, Ada will solve two-step word problems with 80% accuracy in 4 of 5 trials. She starts at 35%.

Progress is reported every quarter with report cards.`,
      found: true,
      pages: [6, 7],
    },
    {
      key: 'services',
      title: 'Services',
      content: `| Service | How much | Where | From | To |
| --- | --- | --- | --- | --- |
| Specialized academic instruction | 45 minutes, 4 times per week (180 minutes per week) | Resource room | March 12, 2026 | March 11, 2027 |
| Speech therapy | 30 minutes, 2 times per week (60 minutes per week) | Therapy room | March 12, 2026 | March 11, 2027 |
| Occupational therapy | 30 minutes, once per week | Classroom | March 19, 2026 | March 11, 2027 |
| Reading instruction in the summer | 120 minutes per day | Room 12 | June 15, 2026 | July 10, 2026 |

The education specialist talks with the teacher for 20 minutes per month, and the psychologist with the team for 15 minutes per month. Ada takes the general bus at 7:35 a.m.`,
      found: true,
      pages: [8, 9],
    },
    {
      key: 'accommodations',
      title: 'Accommodations',
      content: `- Extended time on tests: 50% more
- A seat within 6 feet of the teacher
- A 3-minute break after every 20 minutes of writing
- Text-to-speech for passages longer than 200 words
- Directions repeated and shortened`,
      found: true,
      pages: [11],
    },
    {
      key: 'informedConsent',
      title: 'Informed Consent',
      content: `The parents received the procedural safeguards on March 2, 2026. Grace Hopper agreed to the whole IEP and signed on March 16, 2026. The district will send a Spanish translation within 30 days.`,
      found: true,
      pages: [12],
    },
    {
      key: 'keyPeople',
      title: 'Key People',
      content: `| Name | Role |
| --- | --- |
| Grace Hopper | Mother |
| Linus Lovelace | Father |
| Marisol Vega-Ruiz | Education specialist and case manager |
| Kevin O'Brien | General education teacher |
| Dr. Priya Natarajan | School psychologist |
| Thuy Nguyen | Speech-language pathologist |
| J. Whitfield | District representative |`,
      found: true,
      pages: [1, 2],
    },
    {
      key: 'strengths',
      title: 'Strengths',
      content: `Ada is curious, kind and persistent. She loves birds, maps and building with blocks. Mr. O'Brien says that she is the first to help a new classmate. She knows 88 of 100 multiplication facts.`,
      found: true,
      pages: [5],
    },
  ],
}
