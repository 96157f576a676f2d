import { describe, expect, test } from 'vitest'
import { redactPage } from '../../../src/domains/iep/redact.ts'

/** How forms are filled in and how scans are read: wide gaps, odd labels, numbers in pieces. */
const clean = (page: string): string => redactPage(page).text

describe('wide gaps neither hide anything nor make a page fail', () => {
  test.each([
    ['Oakland, CA        94601', '[ADDRESS]'],
    ['1428 Elm      Street', '[ADDRESS]'],
    ['12    Oak    Street', '[ADDRESS]'],
    ['12    Oak\n    Street', '[ADDRESS]'],
    ['PO Box       123', '[ADDRESS]'],
    ['P.O.       Box       123', '[ADDRESS]'],
    ['PO         Box 123', '[ADDRESS]'],
    ['Home Address:          1428 Elm      Street', 'Home Address:          [ADDRESS]'],
    [`Student ID:${' '.repeat(200)}1234567`, `Student ID:${' '.repeat(200)}[ID]`],
    ['mai@ousd..org', '[EMAIL]'],
    ['mai@ousd.-org', '[EMAIL]'],
    ['mai@a.b.c.d.e.f.g.h.i.j.org', '[EMAIL]'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test('no width of a gap makes a page fail', () => {
    for (const page of [
      'lives at 12 Oak Street , Apt 4 , Oakland , CA 94601 with Grace',
      '| Ada | P.O. Box 12 | 500 Main Avenue | MA 02139 |',
      'SSID : 1234567 SSN # 123 - 45 - 6789 Phone : 415 - 555 - 0123',
      'Address :\n12 Oak\nBoulevard\nada @ example . org',
    ])
      for (let width = 1; width <= 12; width += 1) {
        const gap = ' '.repeat(width)
        const text = clean(page.replaceAll(' ', gap))
        expect(text, `${width}`).not.toMatch(/94601|02139|Boulevard|Avenue|1234567|0123/)
      }
  })

  test.each([
    'Reading          450        600       1200',
    'Test          Standard          Percentile\nReading       85                12',
    'Total Minutes        12000',
    '    indented    30    minutes',
  ])('columns of numbers keep their places: %j', (text) => {
    expect(clean(text)).toBe(text)
  })
})

/** What took time by the square of its length would not end here before the test's patience does. */
test.each([
  'a   ',
  '1     ',
  'Oak,       CA     ',
  'Email: a@',
  'Email: a a®a ',
  '| a | @a.com ',
  'a@..',
  'ID 12345 ',
  'SSID 12-34 ',
  'Phone 12 34 ',
  'Phone O1-',
  '·555',
  'Address, City, ',
  '| Oak | IN | 1',
])('a long page of nothing but %j is done with', (piece) => {
  const page = piece.repeat(Math.ceil(200_000 / piece.length))

  expect(clean(page).length).toBeGreaterThan(0)
})

describe('ids go, whatever the form calls them', () => {
  test.each([
    ['StudentID: 7766554', 'StudentID: [ID]'],
    ['STUDENTID 445566', 'STUDENTID [ID]'],
    ['ID 7766554', 'ID [ID]'],
    ['Mai Nguyen (ID 445566)', 'Mai Nguyen (ID [ID])'],
    ['ID - 445566', 'ID - [ID]'],
    ['Id: 445566', 'Id: [ID]'],
    ['PermID: 445566', 'PermID: [ID]'],
    ['LocalID: 445566', 'LocalID: [ID]'],
    ['Student 1D: 445566', 'Student 1D: [ID]'],
    ['Student lD: 445566', 'Student lD: [ID]'],
    ['STN: 445566', 'STN: [ID]'],
    ['SID: 445566', 'SID: [ID]'],
    ['UIC: 4455667788', 'UIC: [ID]'],
    ['MARSS #: 4455667', 'MARSS #: [ID]'],
    ['MOSIS: 4455667', 'MOSIS: [ID]'],
    ['OSIS #: 223-344-556', 'OSIS #: [ID]'],
    ['Unique ID 1234567', 'Unique ID [ID]'],
    ['学生ID：1234567', '学生ID:[ID]'],
    ['ID Estudiantil: 1234567', 'ID Estudiantil: [ID]'],
    ['Medi-Cal: 9 1234567 A', 'Medi-Cal: [ID]'],
    ['Medicaid Number: AB 12345 C', 'Medicaid Number: [ID]'],
    ['Kaiser #12345678', 'Kaiser #[ID]'],
    ['MR#: 0012345', 'MR#: [ID]'],
    ['Patient Account: 445566', 'Patient Account: [ID]'],
    ['Claim # 445566', 'Claim # [ID]'],
    ['Claim: 445566', 'Claim: [ID]'],
    ['Patient Acct: 445566', 'Patient Acct: [ID]'],
    ['Número estudiantil: 445566', 'Número estudiantil: [ID]'],
    ['Policy: XYZ123456', 'Policy: [ID]'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test.each(['ID', 'ID #', 'I.D.', 'ID No.', '**ID**'])('under a heading that is just %j', (heading) => {
    const page = (id: string): string =>
      `| Student | ${heading} | DOB |\n|---|---|---|\n| Mai Nguyen | ${id} | 01/02/2015 |\n| Goal | 3 | 01/02/2015 |\n| Year | 2024 | 01/02/2015 |`

    expect(clean(page('445566'))).toBe(page('[ID]'))
  })

  test.each([
    'Goal ID 55',
    'Goal ID 123456',
    'Form ID: 123456',
    'ID: 55',
    '| Goal | ID |\n|---|---|\n| reads 30 minutes | 2 |',
    'upper case: 10000',
    'CASE: 30000 minutes',
    'hundreds chart number 100',
    'Board Policy: 61590',
    'Policy: 6159',
    'He did 12345 steps',
  ])('what is no id stays: %j', (text) => {
    expect(clean(text)).toBe(text)
  })
})

describe('what a label names goes as a whole', () => {
  test.each([
    ['SSID 12345 67890', 'SSID [ID]'],
    ['Student ID: S-44 55 66', 'Student ID: [ID]'],
    ['Member ID: W1234 56789', 'Member ID: [ID]'],
    ['SSID: 1234567\n890', 'SSID: [ID]'],
    ['SASID 10123\n45678', 'SASID [ID]'],
    ['SASID 10123', 'SASID [ID]'],
    ['| Student ID | 12345<br>67890 |', '| Student ID | [ID] |'],
    ['手机:138 1234 5678', '手机:[PHONE]'],
    ['Teléfono: 664 1234 567', 'Teléfono: [PHONE]'],
    ['Điện thoại: 090 3123 456', 'Điện thoại: [PHONE]'],
    ['Phone: (510) 555-01 99', 'Phone: [PHONE]'],
    ['(510) 555-01 99', '[PHONE]'],
    ['Phone: 011 52 664 123 4567', 'Phone: [PHONE]'],
    ['SSN: 123 | 45 | 6789', 'SSN: [SSN]'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test.each([
    ['Student ID: 1234567 30 minutes', 'Student ID: [ID] 30 minutes'],
    ['Student ID: 1234567 01/02/2015', 'Student ID: [ID] 01/02/2015'],
    ['Student ID: 1234567 10-12-2024', 'Student ID: [ID] 10-12-2024'],
    ['Student ID: 1234567 10th grade', 'Student ID: [ID] 10th grade'],
    ['Student ID: 1234567 2024-2025', 'Student ID: [ID] 2024-2025'],
    ['Student ID: 1234567 504 Plan', 'Student ID: [ID] 504 Plan'],
    ['Student ID: 1234567\n504 Plan', 'Student ID: [ID]\n504 Plan'],
    ['Student ID: 1234567\n85 percent', 'Student ID: [ID]\n85 percent'],
    ['Student ID: 1234567\n2024-2025 school year', 'Student ID: [ID]\n2024-2025 school year'],
    ['Student ID: 1234567\n2025', 'Student ID: [ID]\n2025'],
    ['Student ID: 12345 A student', 'Student ID: [ID] A student'],
    ['Phone: 510-555-0199 300 minutes', 'Phone: [PHONE] 300 minutes'],
    ['Phone: 510-555-0199 12/03/2015', 'Phone: [PHONE] 12/03/2015'],
    ['Phone: 555-0123 30 minutes', 'Phone: [PHONE] 30 minutes'],
    ['Phone: 555-0123 2024-2025', 'Phone: [PHONE] 2024-2025'],
    ['Phone: 555-0123\n300', 'Phone: [PHONE]\n300'],
  ])('but no date and no amount behind it: %j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })
})

describe('phone numbers go in the ways people and scans write them', () => {
  test.each([
    ['510•555•0199', '[PHONE]'],
    ['510·555·0111', '[PHONE]'],
    ['(510) 555--0199', '[PHONE]'],
    ['510-555--0199', '[PHONE]'],
    ['(510) 555-O199', '[PHONE]'],
    ['Phone: 5l0-555-0l99', 'Phone: [PHONE]'],
    ['664-123-45-67', '[PHONE]'],
    ['138-1234-5678', '[PHONE]'],
    ['0903-123-456', '[PHONE]'],
    ['Home: 555.0142', 'Home: [PHONE]'],
    ['Cel. 664-123-45-67', 'Cel. [PHONE]'],
    ['电话号码: 510 5550199', '电话号码: [PHONE]'],
    ['510-555-0199 Ext # 334', '[PHONE]'],
    ['Phone: 510-555-0199 Ext # 334', 'Phone: [PHONE]'],
    ['Phone: 510 5550199 ext. 4421', 'Phone: [PHONE]'],
    ['Teléfono: 5550199 extensión 12', 'Teléfono: [PHONE]'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test.each([
    'Minutes: 300 60 1440',
    'Phone: 30 minutes, 45 minutes',
    'Cel. 5 veces',
    'Minutes 450 600 1200 per year',
    'RIT 210-2201',
    'scaled score 412-2583',
    'Home: 30 minutes, 2.5 times',
    'Goal 138-1234-5678',
    'pages 120-123, 45-67',
    '(BOS) SIB-BISS and ISO 5555-0123',
    'levels 1·2·3 and 100·200',
    '2024-10-12-01',
    '100 -- 200 -- 3000',
    '0100-200-300, 100-200-30-40',
    'Home: 450-1000 minutes',
  ])('scores, minutes and codes stay: %j', (text) => {
    expect(clean(text)).toBe(text)
  })
})

describe('e-mail addresses go, however they were read', () => {
  test.each([
    ['mainguyen@gmail com', '[EMAIL]'],
    ['mainguyen@gmail,com', '[EMAIL]'],
    ['Email: lan.nguyen@g mail.com', 'Email: [EMAIL]'],
    ['Email: lan.nguyen@g mail.com Phone: 5550123', 'Email: [EMAIL] Phone: [PHONE]'],
    ['lan.nguyen@gm-\nail.com', '[EMAIL]'],
    ['mai.ngu-\nyen@gmail.com', '[EMAIL]'],
    ['lan.nguyen(@)gmail.com', '[EMAIL]'],
    ['lan.nguyen [@] gmail.com', '[EMAIL]'],
    ['Email: lan.nguyen®gmail.com', 'Email: [EMAIL]'],
    ['Correo: lan.nguyen ® gmail.com', 'Correo: [EMAIL]'],
    ['| lan.nguyen | @gmail.com |', '| [EMAIL] | [EMAIL] |'],
    ['| Email | lan.nguyen @ gmail com |', '| Email | [EMAIL] |'],
    ['Email: lan.nguyen@gmail for us', 'Email: [EMAIL] for us'],
    ['Email: lan nguyen@mail.com.mx', 'Email: [EMAIL]'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test.each([
    'Email Ms. Lopez at the school, and come with us',
    '5 students @ school, us included',
    'Email: none. Reads with Lexia® daily',
    '| 80% | @ school |',
    'Email the team @ school, us',
  ])('a sentence stays: %j', (text) => {
    expect(clean(text)).toBe(text)
  })
})

describe('addresses go behind the labels that forms have for them', () => {
  test.each([
    [
      'Address (Street, City, State, Zip): 1428 Elm, Houston',
      'Address (Street, City, State, Zip): [ADDRESS]',
    ],
    ['Address, City, State, Zip: 1428 Elm', 'Address, City, State, Zip: [ADDRESS]'],
    ['Address/City: 1428 Elm', 'Address/City: [ADDRESS]'],
    ['Address of Student: 1428 Elm', 'Address of Student: [ADDRESS]'],
    ['Address of Parent/Guardian: 1428 Elm', 'Address of Parent/Guardian: [ADDRESS]'],
    ['Address (No. & Street): 1428 Elm', 'Address (No. & Street): [ADDRESS]'],
    ['Address (if different): 1428 Elm', 'Address (if different): [ADDRESS]'],
    ['1428 ELM WAY<br>HOUSTON, TX 77002', '[ADDRESS]<br>[ADDRESS]'],
    ['| 1428 ELM WAY | HOUSTON | TX | 77002 |', '| [ADDRESS] | HOUSTON | TX | [ADDRESS] |'],
    ['Foster Parent Address: 1428 Elm', 'Foster Parent Address: [ADDRESS]'],
    ['Domicilio particular: Elm 1428', 'Domicilio particular: [ADDRESS]'],
    ['家庭住址: 榆树街1428号', '家庭住址: [ADDRESS]'],
    ['Địa chỉ nhà: 1428 Elm', 'Địa chỉ nhà: [ADDRESS]'],
    ['lives at 1428 elm st with mom', 'lives at [ADDRESS] with mom'],
    ['1428 ELM WAY\nHOUSTON, TX 77002', '[ADDRESS]\n[ADDRESS]'],
    ['| Houston | TX | 77002 |', '| Houston | TX | [ADDRESS] |'],
    ['Los Angeles 90001', '[ADDRESS]'],
    ['Las Vegas 89101', '[ADDRESS]'],
    ['| Portland | OR | 97201 |', '| Portland | OR | [ADDRESS] |'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test.each([
    '| 10 Meter Walk | 12 seconds |',
    '| 30 Foot Walk | 12 seconds |',
    '| 30 Second Walk | 12 steps |',
    'Address/Accommodations: extra time 50%',
    'Address (Areas of need): reading',
    'gets 3 st with mom',
    'Minutes 12000',
    '| LA | 12000 minutes |',
    '| IN | 10000 |',
  ])('what is measured stays: %j', (text) => {
    expect(clean(text)).toBe(text)
  })

  test('a number of many kinds under a heading that is just ID is hidden, a date is not', () => {
    const page = (id: string): string => `| ID | Goal |\n|---|---|\n| ${id} | reads |`

    expect(clean(page('S-44 55 66'))).toBe(page('[ID]'))
    expect(clean(page('01-02-2015'))).toBe(page('01-02-2015'))
  })

  test('a street may be called Second', () => {
    expect(clean('30 Second Street')).toBe('[ADDRESS]')
    expect(clean('30 Second Walk, Boston, MA 02139')).toBe('[ADDRESS], [ADDRESS]')
  })
})
