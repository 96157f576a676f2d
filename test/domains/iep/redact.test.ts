import { describe, expect, test } from 'vitest'
import { asRedacted, redactPage, type Redacted } from '../../../src/domains/iep/redact.ts'
import { stillHolds } from '../../../src/domains/iep/redact/sweep.ts'
import { GiveUp } from '../../../src/shared/errors.ts'

describe('social security numbers go', () => {
  test.each([
    ['SSN: 123-45-6789', 'SSN: [SSN]'],
    ['Ada 123-45-6789 Lovelace', 'Ada [SSN] Lovelace'],
    ['SSN 123 45 6789', 'SSN [SSN]'],
    ['Ada, 123 45 6789, was born', 'Ada, [SSN], was born'],
    ['123.45.6789', '[SSN]'],
    ['123–45–6789', '[SSN]'],
    ['123 - 45 - 6789', '[SSN]'],
    ['1 2 3 - 4 5 - 6 7 8 9', '[SSN]'],
    ['SSN 1 2 3 4 5 6 7 8 9', 'SSN [SSN]'],
    ['123-45-\n6789', '[SSN]'],
    ['123456789', '[SSN]'],
    ['Social Security Number: 123456789', 'Social Security Number: [SSN]'],
    ['Social Security # I23-4S-67B9', 'Social Security # [SSN]'],
    ['Número de Seguro Social: 123-45-6789', 'Número de Seguro Social: [SSN]'],
    ['ITIN 912-78-1234', 'ITIN [SSN]'],
    ['1２３-４５-6789', '[SSN]'],
    ['123\u00ad-45\u200b-6789', '[SSN]'],
    ['١٢٣-٤٥-٦٧٨٩', '[SSN]'],
    ['| SSN | 123-45-6789 |', '| SSN | [SSN] |'],
    ['0401883358-140-81-6352', '[ID]-[SSN]'],
    ['Goal 110-12-2024', 'Goal [SSN]'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test('one that is masked already stays as it is', () => {
    const { text, hidden } = redactPage('SSN: XXX-XX-6789, ***-**-6789, last four 6789')

    expect(text).toBe('SSN: XXX-XX-6789, ***-**-6789, last four 6789')
    expect(hidden.ssn).toBe(0)
  })

  test('nine digits with blanks that no rule would give out are judged by what stands around them', () => {
    expect(clean('index 000 45 6789 of 666 45 6789')).toBe('index 000 45 6789 of 666 45 6789')
    expect(clean('SSN 000 45 6789')).toBe('SSN [SSN]')
    expect(clean('scores 112 98 1024 110')).toBe('scores 112 98 1024 110')
  })
})

describe('phone and fax numbers go', () => {
  test.each([
    ['Phone: (415) 555-0123', 'Phone: [PHONE]'],
    ['call 415-555-0123 today', 'call [PHONE] today'],
    ['Tel. 415.555.0123 ext. 12', 'Tel. [PHONE]'],
    ['415 555 0123', '[PHONE]'],
    ['415/555-0123', '[PHONE]'],
    ['(415)5550123', '[PHONE]'],
    ['+1 (415) 555-0123 x5', '[PHONE]'],
    ['1-800-555-0199', '[PHONE]'],
    ['1-800-FLOWERS', '[PHONE]'],
    ['( 4 1 5 ) 5 5 5 - 0 1 2 3', '[PHONE]'],
    ['415-555-\n0123', '[PHONE]'],
    ['Home Phone 555-0123', 'Home Phone [PHONE]'],
    ['reach Ada at 867-5309', 'reach Ada at [PHONE]'],
    ['555-0123 (cell)', '[PHONE] (cell)'],
    ['social worker 658-2211', 'social worker [PHONE]'],
    ['Fax: 4155550123', 'Fax: [PHONE]'],
    ['Fax No.: 555 0123', 'Fax No.: [PHONE]'],
    ['Teléfono: 55 1234 5678', 'Teléfono: [PHONE]'],
    ['Celular / Cell: 5550123', 'Celular / Cell: [PHONE]'],
    ['Phone (Teléfono): 5550123', 'Phone (Teléfono): [PHONE]'],
    ['+52 55 1234 5678 for 30 minutes', '[PHONE] for 30 minutes'],
    ['电话：5550123', '电话:[PHONE]'],
    ['Điện thoại: 5550123', 'Điện thoại: [PHONE]'],
    ['Phone:\n5550123', 'Phone:\n[PHONE]'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })
})

describe('e-mail addresses go', () => {
  test.each([
    ['ada@example.org', '[EMAIL]'],
    ['Write to ada.lovelace+iep@mail.example.org.', 'Write to [EMAIL].'],
    ['ada @ example . org', '[EMAIL]'],
    ['ada [at] example.org', '[EMAIL]'],
    ['ada(at)example(dot)org', '[EMAIL]'],
    ['ada\\_l@example.org', '[EMAIL]'],
    ['ada&#64;example.org', '[EMAIL]'],
    ['ada＠example.org', '[EMAIL]'],
    ['josé.pérez@correo.mx', '[EMAIL]'],
    [`${'a'.repeat(300)}@example.org`, '[EMAIL]'],
    ['E-mail: ada example.org', 'E-mail: [EMAIL]'],
    ['[ada@example.org](mailto:ada@example.org)', '[[EMAIL]](mailto:[EMAIL])'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })
})

describe('street addresses go', () => {
  test.each([
    ['lives at 12 Oak Street with Grace', 'lives at [ADDRESS] with Grace'],
    ['12 Oak St., Apt. 4B', '[ADDRESS]'],
    ['100 N. Main Street Unit 3', '[ADDRESS]'],
    ['1234 42nd Ave #5, San Francisco, CA 94110-1234', '[ADDRESS], [ADDRESS]'],
    ['45 Paseo Padre Parkway', '[ADDRESS]'],
    ['12 oak street', '[ADDRESS]'],
    ['12 OAK STREET', '[ADDRESS]'],
    ['9 Camino Alto', '[ADDRESS]'],
    ['77 Maple Way, Boston, MA 02139', '[ADDRESS], [ADDRESS]'],
    ['500 Broadway', '[ADDRESS]'],
    ['4500 State Route 9', '[ADDRESS]'],
    ['P.O. Box 123', '[ADDRESS]'],
    ['PO BOX 77', '[ADDRESS]'],
    ['Post Office Box 9', '[ADDRESS]'],
    ['RR 2, Box 34', '[ADDRESS]'],
    ['Apartado Postal 34', '[ADDRESS]'],
    ['Calle Roble 12', '[ADDRESS]'],
    ['Av. 5 de Mayo #120', '[ADDRESS]'],
    ['Oakland, CA 94110', '[ADDRESS]'],
    ['Springfield, Massachusetts 01103', '[ADDRESS]'],
    ['CA | 94110', 'CA | [ADDRESS]'],
    ['Zip Code: 94110', 'Zip Code: [ADDRESS]'],
    ['Apt 4B', '[ADDRESS]'],
    ['Address: 12 Oak', 'Address: [ADDRESS]'],
    ['**Address:** Rancho Los Olivos', '**Address:** [ADDRESS]'],
    ['Address: 12 Oak St, Oakland, CA 94110 Phone: 415-555-0123', 'Address: [ADDRESS] Phone: [PHONE]'],
    ['Address: 12 Oak, Oakland DOB: 01/02/2015', 'Address: [ADDRESS] DOB: 01/02/2015'],
    ['| Home Address | 12 Oak St |', '| Home Address | [ADDRESS] |'],
    [
      '| Home Address | 12 Oak |\n|---|---|\n| DOB | 01/02/2015 |',
      '| Home Address | [ADDRESS] |\n|---|---|\n| DOB | 01/02/2015 |',
    ],
    ['Dirección: Roble 12, Oakland', 'Dirección: [ADDRESS]'],
    ['Domicilio: Roble 12', 'Domicilio: [ADDRESS]'],
    [
      'Address / Dirección: 5 Elm\nOakland 94110\nMinutes: 300',
      'Address / Dirección: [ADDRESS]\n[ADDRESS]\nMinutes: 300',
    ],
    ['Address:\n12 Oak\nOakland, CA 94110', 'Address:\n[ADDRESS]\n[ADDRESS]'],
    ['<td>Mailing Address</td><td>12 Oak</td>', '<td>Mailing Address</td><td>[ADDRESS]</td>'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })
})

describe('ids of a student go', () => {
  test.each([
    ['Student ID: 1234567', 'Student ID: [ID]'],
    ['Student ID# A12345', 'Student ID# [ID]'],
    ['Student I.D. No. 1234', 'Student I.D. No. [ID]'],
    ['SSID: 1234567890', 'SSID: [ID]'],
    ['SASID: 1012345678 LASID: 20451', 'SASID: [ID] LASID: [ID]'],
    ['| Student ID | 0012345 | DOB | 01/02/2015 |', '| Student ID | [ID] | DOB | 01/02/2015 |'],
    ['Local ID # A12345', 'Local ID # [ID]'],
    ['District ID: 55-443', 'District ID: [ID]'],
    ['Perm ID 55443', 'Perm ID [ID]'],
    ['CIN: 91234567A', 'CIN: [ID]'],
    ['client 91234567A', 'client [ID]'],
    ['Medi-Cal Number: 91234567A2', 'Medi-Cal Number: [ID]'],
    ['Medicaid ID 12-3456789', 'Medicaid ID [ID]'],
    ['MassHealth: 100234567890', 'MassHealth: [ID]'],
    ['Case No.: 2024-5567', 'Case No.: [ID]'],
    ['ID: 998877', 'ID: [ID]'],
    ['ID del estudiante: 443322', 'ID del estudiante: [ID]'],
    ['Número de caso: 2024-5567', 'Número de caso: [ID]'],
    ['学号：20241234', '学号:[ID]'],
    ['Student ID\n12345678', 'Student ID\n[ID]'],
    ['Student ID   DOB   Grade\n1234567  01/02/2015  4', 'Student ID   DOB   Grade\n[ID]  01/02/2015  4'],
    ['barcode 0012003400560', 'barcode [ID]'],
    ['SEIS 1122334', 'SEIS [ID]'],
    ['Foster care case: JV12345', 'Foster care case: [ID]'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test('in a table they are found by the heading of their column, and the table stays one', () => {
    const page = [
      '| Name | Student ID | Phone | Address | DOB | Score |',
      '|---|---|---|---|---|---|',
      '| Ada | 1234567 | 555-0123 | 12 Oak | 01/02/2015 | 85 |',
      '| Linus | AB 77 31 | 5550199 | 9 Elm, Oakland | 03/04/2016 | 101 |',
    ].join('\n')

    expect(clean(page)).toBe(
      [
        '| Name | Student ID | Phone | Address | DOB | Score |',
        '|---|---|---|---|---|---|',
        '| Ada | [ID] | [PHONE] | [ADDRESS] | 01/02/2015 | 85 |',
        '| Linus | [ID] | [PHONE] | [ADDRESS] | 03/04/2016 | 101 |',
      ].join('\n'),
    )
  })
})

test('a table of fields and values has no headings: what stands under a field is not of its kind', () => {
  expect(clean('| Student ID | 443322 |\n|---|---|\n| Goal 1234 | 30 minutes |')).toBe(
    '| Student ID | [ID] |\n|---|---|\n| Goal 1234 | 30 minutes |',
  )
})

describe('what a parent needs stays', () => {
  test.each([
    '30 minutes per week, 2 x 45 min, 1,440 minutes yearly, 300-450 minutes',
    '80-90% accuracy in 4 out of 5 trials in a row',
    'from 05/12/2024 to 2025-05-12, 10-12-2024, 5.12.2024, May 12, 2024',
    'DOB: 01/02/2015 Age: 10 Grade: 4th',
    'Title 5 CCR 3051.1, 20 U.S.C. 1414, 34 CFR 300.320(a)(4), 603 CMR 28.05, M.G.L. c. 71B, EC 56345(a)(1)',
    'Standard Score 85, percentile 16, range 450-1050, scaled 7 8 9 10 112',
    'Scores: 100 95 1024 110',
    'Ratings 3 4 2 5 1 3 4 2 5',
    '| Test | Standard | Percentile | Date |\n|---|---|---|---|\n| WISC-V | 112 | 79 | 01/15/2024 |',
    '| Service | Minutes | Frequency | Start | End |\n|---|---|---|---|---|\n| Speech | 30 | 2 x week | 09/01/2024 | 06/10/2025 |',
    'Goal 415-555-0123, Objective 3.2.1-2024, Goal # 000-12-2024',
    'IEP 2024-2025, pages 12-14, Unit 3 Math test: 85%, Lexile 450L-650L and 650-1000',
    'The team will address: 1) reading 30 minutes',
    'Areas to Address: reading 30 minutes',
    '- Address reading deficits 3 times per week',
    'Address\n30 minutes per week',
    'Student ID:\n30 minutes per week',
    'Case Manager: Grace Hopper, School: Lincoln Elementary, District: Oakland Unified',
    'In 2024 Psychologist Dr. Lovelace tested Linus for 90 minutes',
    '5 students @ 80% accuracy, 30 min @ school. Then home',
    '$1,234.56 and 1,234,567 and 3.14159265358979',
    'CCSS.ELA-LITERACY.RL.4.1 and 1:1 aide from 8:30 to 9:15',
    'número de estudiantes: 12; 30 minutos por semana, 3 veces; Meta 2',
    'Hearing 500-4000 Hz at 25 dB, 1000 2000 4000 Hz, Lexile range 420-1015, minutes: 300-1512',
    'RTI Tier 2 Reading Lane, Grade 3 Main Street School',
    'WISC-V FSIQ 94 VCI 100 VSI 92 FRI 97, Broad Reading SS 82 (78-86) 12th %ile GE 2.1',
    'Start Date: 08/18/2025 End Date: 06/05/2026 1 x 30 Min, Bus 43 at 7:45 AM, Room 204 Building B',
    'CROSSES THE STREET, 3 TIMES THE AVENUE, 30 MINUTES PER WEEK IN THE COURT',
    'Student ID: 2015-01-02',
    'Crosses the street 3 times out of 4',
    '3 busy streets, 2 times the street',
    'Medi-Cal: yes. Medicaid: 30 minutes billed',
    '# Services\n\n- **Speech**: 30 minutes\n\n---\n\n1. one\n2. two',
  ])('%j', (text) => {
    const { text: kept, hidden } = redactPage(text)

    expect(kept).toBe(text)
    expect(hidden).toEqual({ ssn: 0, phone: 0, email: 0, address: 0, id: 0 })
  })
})

describe('what a line break splits goes as a whole', () => {
  test.each([
    ['to 1500 Harbor\nBoulevard, Suite 210, Harbor Glen, CA 95999.', 'to [ADDRESS].'],
    ['write to 1500\nHarbor Boulevard today', 'write to [ADDRESS] today'],
    ['1500 Harbor  \n   Boulevard', '[ADDRESS]'],
    ['1500 Harbor Boulevard,\nSuite 210', '[ADDRESS]'],
    ['1500 Harbor Boulevard, Suite\n210', '[ADDRESS]'],
    ['1500 HARBOR\nBOULEVARD', '[ADDRESS]'],
    ['1500 Har-\nbor Boulevard', '[ADDRESS]'],
    ['500 S. Main\nSt.', '[ADDRESS]'],
    ['1234 42nd\nAve #5', '[ADDRESS]'],
    ['lives at 12 oak\nstreet with Grace', 'lives at [ADDRESS] with Grace'],
    ['45 Camino\nAlto', '[ADDRESS]'],
    ['Calle Roble\nNo. 12', '[ADDRESS]'],
    ['77 Maple\nWay\nBoston, MA 02139', '[ADDRESS]\n[ADDRESS]'],
    ['12 Oak Street Harbor\nGlen, CA 95999', '[ADDRESS]'],
    ['lives in San\nFrancisco, CA 94110', 'lives in [ADDRESS]'],
    ['Harbor Glen\nCA 95999', '[ADDRESS]'],
    ['Harbor Glen, CA\n95999', '[ADDRESS]'],
    ['PO\nBox 12 or P.O. Box\n123', '[ADDRESS] or [ADDRESS]'],
    ['> 1500 Harbor\n> Boulevard', '> [ADDRESS]'],
    ['1500<br>Harbor<br/>Boulevard', '[ADDRESS]'],
    ['| Ada | 1500 Harbor<br>Boulevard | 30 |', '| Ada | [ADDRESS] | 30 |'],
    ['call (415) 555\n0123 now', 'call [PHONE] now'],
    ['415 555\n0123', '[PHONE]'],
    ['415\n-555-0123', '[PHONE]'],
    ['415-555-<br>0123', '[PHONE]'],
    ['Contact 1\n415-555-<br>0123', 'Contact 1\n[PHONE]'],
    ['Phone: +52 55 1234\n5678', 'Phone: [PHONE]'],
    ['SSN 123 45\n6789', 'SSN [SSN]'],
    ['123-45<br>-6789', '[SSN]'],
    ['ada@\nexample.org', '[EMAIL]'],
    ['ada.lovelace@example.\norg reads', '[EMAIL] reads'],
    ['Student ID:\n12345678', 'Student ID:\n[ID]'],
    ['Student ID:<br>12345678', 'Student ID:<br>[ID]'],
    ['Local\nID # A12345', 'Local\nID # [ID]'],
    ['Student ID: 1234\n5678', 'Student ID: [ID]'],
    [
      '| Student ID | Score |\n|---|---|\n| 1234<br>5678 | 85 |',
      '| Student ID | Score |\n|---|---|\n| [ID] | 85 |',
    ],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test.each([
    ['address', 'to 1500 Harbor\nBoulevard, Suite'],
    ['address', 'write to 1500\nHarbor Boulevard'],
    ['address', '| 1500 Harbor<br>Boulevard |'],
    ['address', 'Harbor Glen, CA\n95999'],
    ['address', 'PO Box\n12'],
    ['phone', 'call 415-555-\n0123'],
    ['ssn', '123-45-<br>6789'],
    ['email', 'ada@\nexample.org'],
    ['id', 'Student ID:\n12345678'],
  ])('the sweep finds a split %s by itself', (kind, text) => {
    expect(stillHolds(text)).toBe(kind)
  })
})

describe('lines that only follow each other stay', () => {
  test.each([
    'Ada reads 30\nminutes per week',
    'Goal 3\nStreet crossing: Ada crosses the street',
    'Ada works 3 Oak\nStreet crossing: she looks',
    '1500 Harbor\n\nBoulevard and 415-555\n\n0123',
    '| 1500 Harbor<br><br>Boulevard |',
    '- 12\n- Oak Street',
    '1. Reading 30\n2. Main Street trip',
    '# Unit 30\nMain Street',
    '| 415 |\n| 555 |\n| 0123 |',
    '| 415 | 30<br>minutes |\n| 555 | 2<br>times |',
    '415\n555\n1023',
    'Scores 415 555\n1023 998',
    'Lexile 450 650\n1000 words',
    'scored 450.\n1234 words',
    'scored 800\nREADING well',
    'Score 500\nBroadway Elementary School',
    'Date: May 12, 2024\nMain Street School',
    'IEP 2024-2025\nLincoln Street School',
    'on May 12\nMain Street',
    'School year 2024\nMain Street',
    'Room 12\nMain Street',
    'Room 204\nLincoln Court',
    'Camino Real School\n12 students',
    'signs 8\nwords street safety',
    '5 students @\nschool. Then home',
    'Phone: none\n300 minutes',
    'Student ID: none\n300 words',
    'Total minutes: 30\nGrace Hopper\nLinus',
  ])('%j', (text) => {
    expect(clean(text)).toBe(text)
  })

  test('a name before the line of a city is no part of it', () => {
    expect(clean('Grace Hopper\nOakland, CA 94110')).toBe('Grace Hopper\n[ADDRESS]')
    expect(clean('SSN: 123-45-6789\n300 minutes')).toBe('SSN: [SSN]\n300 minutes')
    expect(clean('Call +52 55 1234 5678\n300 minutes')).toBe('Call [PHONE]\n300 minutes')
  })
})

test('a message in characters that nobody sees does not reach the model', () => {
  const unseen = Array.from('praise', (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join(
    '',
  )

  expect(clean(`Linus${unseen} re\u00adads\u202e\u0000 well`)).toBe('Linus reads well')
})

test('what was hidden is counted by kind', () => {
  const { hidden } = redactPage(
    'SSN 123-45-6789, ada@example.org, 415-555-0123 or 415-555-0124, ID: 998877, 12 Oak St.',
  )

  expect(hidden).toEqual({ ssn: 1, phone: 2, email: 1, address: 1, id: 1 })
})

test('what stood beside something hidden, and was excused by it, is hidden as well', () => {
  expect(clean('Address: 12 Oak, Goal | 415-555-0123')).not.toContain('555')
})

test('the words of a page survive in their order, whatever was taken out between them', () => {
  const page = 'Ada | 12 Oak St | reads\nat grade 4 SSN 123-45-6789 level\n'

  expect(clean(page)).toBe('Ada | [ADDRESS] | reads\nat grade 4 SSN [SSN] level\n')
})

describe('it fails closed', () => {
  test.each([undefined, null, 7, { toString: () => 'Ada' }])('a page that is %j is refused', (page) => {
    expect(() => redactPage(page as unknown as string)).toThrow(GiveUp)
    expect(() => redactPage(page as unknown as string)).toThrow('could not be redacted')
  })

  test('kept text that holds something is refused, and the error says nothing of it', () => {
    const refusal = catching(() => asRedacted('Ada, 123-45-6789'))

    expect(refusal).toBeInstanceOf(GiveUp)
    expect(refusal).toMatchObject({ code: 'redaction-failed' })
    expect(JSON.stringify(refusal) + String(refusal) + refusal.stack).not.toMatch(/Ada|6789/)
    expect(refusal.cause).toBeUndefined()
  })

  test('an unexpected error inside is not passed on, since it may quote the page', () => {
    const hostile = {
      toWellFormed: () => {
        throw new TypeError('Ada 123-45-6789')
      },
    }

    const refusal = catching(() => redactPage(hostile as unknown as string))

    expect(refusal).toBeInstanceOf(GiveUp)
    expect(String(refusal) + String(refusal.cause)).not.toContain('6789')
  })

  test.each([
    ['ssn', 'x 123-45-6789 y'],
    ['phone', 'x 415-555-0123 y'],
    ['email', 'x ada@example.org y'],
    ['address', 'x 12 Oak Street y'],
    ['address', 'Oakland CA 94110'],
    ['address', 'PO Box 12'],
    ['id', 'x 1234567890 y'],
    ['id', 'SSID: 7654321'],
  ])('the sweep finds a %s by itself', (kind, text) => {
    expect(stillHolds(text)).toBe(kind)
  })

  test('text that was not redacted is of another type', () => {
    // @ts-expect-error a page as it was read must not pass
    const sent: Redacted = 'Ada, 123-45-6789'

    expect(stillHolds(sent)).toBe('ssn')
  })
})

test('no page made of the words, numbers and signs of such forms is refused, and redacting again changes no number', () => {
  const random = numbersFrom(20250101)
  for (let round = 0; round < 4000; round += 1) {
    const page = formLike(random)
    const once = catchingValue(() => redactPage(page).text)
    expect(once, JSON.stringify(page)).not.toBeInstanceOf(Error)
    expect(stillHolds(once as string), JSON.stringify(page)).toBeUndefined()
  }
})

/** What took time by the square of its length would not end here before the test's patience does. */
test.each([
  '1',
  '1 ',
  '@',
  'a@',
  'a.a@',
  ' ',
  '\n',
  '|',
  '| 1 ',
  'Oak ',
  '1 Oak ',
  '+2222',
  '+2 2 2 2 ',
  'Phone ',
  'Student ID ',
  'Student ID\n',
  'Address: ',
  '((((',
  '1-',
  '123-45-678 ',
  '٣',
  '𝟡',
  'Calle de la ',
  '12 oak ',
  '<td><td a',
  'Phone / ',
  'ID          ',
  '&nbsp;',
  '123 ',
  '415 555 ',
  'Oak, CA ',
  '1-800-AAAA-',
  '\ud800',
  '1\n',
  'Oak\n',
  '1 Oak\n',
  '1<br>',
  '<br>',
  '\n ',
  'a@\n',
  '415-555\n',
  'Student\nID\n',
  'Oak, CA\n',
  'a-\n',
])('a long page of nothing but %j is done with', (piece) => {
  const page = piece.repeat(Math.ceil(200_000 / piece.length))

  expect(typeof catchingValue(() => redactPage(page))).toBe('object')
})

test('a page of a megabyte loses its secrets and keeps the rest', () => {
  const block = 'Ada reads 30 minutes a day. Call 415-555-0123.\n| SSN | 123-45-6789 |\n'
  const times = Math.ceil(1_000_000 / block.length)

  const { text, hidden } = redactPage(block.repeat(times))

  expect(text).toBe('Ada reads 30 minutes a day. Call [PHONE].\n| SSN | [SSN] |\n'.repeat(times))
  expect(hidden).toMatchObject({ phone: times, ssn: times })
})

const clean = (page: string): string => redactPage(page).text

function catching(work: () => unknown): Error {
  const caught = catchingValue(work)
  if (caught instanceof Error) return caught
  throw new Error('nothing was thrown')
}

function catchingValue(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

/** The same numbers every time, so that a failure can be repeated. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function formLike(random: (below: number) => number): string {
  const pick = (from: string[]): string => from[random(from.length)] as string
  const digits = (count: number): string => Array.from({ length: count }, () => random(10)).join('')
  const numbers = [
    () => digits(1 + random(11)),
    () =>
      `${digits(3)}${pick(['-', ' ', '.', '–', ' - ', ''])}${digits(2 + random(2))}${pick(['-', ' ', '.', ' - '])}${digits(4)}`,
    () => `${digits(3)}-${digits(4)}`,
    () => digits(5),
    () => `${digits(2)}/${digits(2)}/${digits(4)}`,
    () => `${digits(4)}-${digits(2)}-${digits(2)}`,
    () => `${digits(2)}${pick(['-', '.'])}${digits(2)}${pick(['-', '.'])}${digits(4)}`,
  ]
  const length = 3 + random(12)
  return Array.from({ length }, () => {
    const token = random(2) === 0 ? pick(words) : (numbers[random(numbers.length)] as () => string)()
    return token + pick([' ', ' ', ' ', '\n', '\n', '<br>', '  ', ', ', ' | ', ': ', '-'])
  }).join('')
}

const words =
  'Goal Form Section Title Street Avenue Boulevard Road St Dr Oak Main Minutes minutes per week in The Row Place Way CA MA Oakland PO P.O. Box Student ID SSID SSN Phone Address Dirección Social Security Number Grace @ example.org ada | ** – / ( ) # % $ § U.S.C. Test Meta times Apt Unit [PHONE] [ADDRESS] CIN case No. code Fax e-mail Zip ext Grade Tier Page age case: SEIS Lane range Hz'.split(
    ' ',
  )
