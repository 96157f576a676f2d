const set = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/))

/** What stands before the name of a person (folded, without the dot). */
export const titles = set(
  `mr mrs ms miss mx dr prof professor sr sra srta dra rev judge coach senor senora senorita`,
)

/** Before a colon, these say that a person's name follows. */
export const roles =
  set(`student name child pupil parent parents mother father guardian guardians teacher teachers
  therapist pathologist psychologist counselor manager provider principal administrator nurse specialist aide
  interpreter advocate representative coordinator director social worker evaluator examiner case contact by signed
  responsible person attendees participants members team grandmother grandfather sister brother aunt uncle`)

/** Behind a word at the start of a sentence, these say that it is somebody. */
export const personVerbs =
  set(`is was will has had can cannot could does did needs receives received gets got likes
  enjoys loves wants knows works reads writes uses speaks says said shows showed makes made takes attends lives
  understands struggles scored scores participates signed agreed wrote tested reported reports explained teaches
  taught provides plays played helps asks asked answers meets spends would should may might and who learns earns
  demonstrates continues qualifies benefits responds follows completes identifies solves spells counts earned`)

/** With one of these in it, a row of capitalised words is a school, an agency, a test, a law, a programme, a place. */
export const organisations = set(`school schools elementary middle district unified academy college university
  institute center centre centers department office agency county city town state clinic hospital foundation society
  association commission committee board bureau council union church library preschool kindergarten
  act code regulation regulations program programme programs curriculum test tests testing scale scales inventory
  battery survey index checklist questionnaire screener profile assessment assessments edition scores form forms
  version record records street avenue road boulevard drive lane court way highway selpa services system
  method approach intervention procedure project network company inc llc corporation press app software
  notice safeguards rights law education medi-cal medicaid
  san santa los las fort lake mount saint republic islands island`)

/**
 * Words that are written with a capital letter in these documents without being names of persons: terms of the field,
 * words that begin sentences, months, days, languages, peoples, places, tests and products. Folded, lower case.
 */
export const ordinaryWords = set(`
  a an the this that these those it its he she they we you i his her hers their theirs our your my him them us who what
  when where why how which while whose whom there here then than thus so as at by for from in into of off on onto out
  over to toward towards under until up upon with within without about above across after again against all along
  already also although always among and another any anyone anything are around away back be became because become been
  before behind being below beside besides between beyond both but came can cannot come could did do does done down
  during each either else enough even ever every everyone everything except few finally first following former fourth
  further get gets give given gives go goes good had has have having hence however if instead is just keep kept known
  last lastly later least less let like likely long made main mainly make makes many may maybe me mean means meanwhile
  might more moreover most mostly much must near nearly need needed needs neither never new next no nobody none nor not
  nothing now often once one only or other others otherwise own part past per perhaps please plus possible put quite
  rather ready really said same saw say says second see seen several shall should show shows shown since six some
  someone something sometimes soon still such take taken takes tell ten third though three through throughout today
  together told too took twice two use used uses using usual usually various very via want wants was way well were
  whatever whenever whether will would yes yet zero four five seven eight nine eleven twelve twenty thirty forty fifty
  overall currently specifically generally recently previously initially eventually typically occasionally frequently

  january february march april june july august september october november december jan feb mar apr jun jul aug sep
  sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
  spring summer fall autumn winter weekly daily monthly yearly annually quarterly annual biweekly semester trimester
  quarter morning afternoon evening noon midnight am pm

  english spanish chinese vietnamese mandarin cantonese tagalog korean japanese arabic russian french german portuguese
  hmong khmer farsi persian punjabi hindi urdu armenian somali haitian creole latin greek italian hebrew american
  mexican african asian european hispanic latino latina latinx native pacific islander indian black white
  america united states california texas florida york massachusetts illinois washington oregon nevada arizona
  colorado hawaii alaska ohio michigan    pennsylvania  maryland minnesota wisconsin
  indiana tennessee missouri louisiana kentucky oklahoma connecticut utah iowa arkansas mississippi kansas mexico
  nebraska idaho maine hampshire montana delaware  vermont wyoming rhode island alabama china vietnam spain
  los  san   oakland sacramento boston chicago houston  north south east west northern
  southern eastern western

  individualized individual individuals education educational educator educators special specialist specialists
  specialized specially designed instruction instructional instructor program programs programme plan plans planning
  family service ifsp iep ieps free appropriate public fape restrictive environment lre act idea disabilities disability
  disabled section part title article chapter code federal state law laws right rights procedural safeguards safeguard
  notice prior written consent informed release information permission agreement agree agrees authorization signature
  signatures signed signer date dates meeting meetings team teams member members participant participants attendance
  attendee attendees name names role roles relationship present levels level performance academic academics achievement
  functional function current currently strengths strength interests interest preferences preference concerns concern
  concerned needs need area areas impact impacts baseline baselines goal goals objective objectives benchmark benchmarks
  short term long annual measurable progress report reports reporting period periods mastery criteria criterion method
  methods measured measurement evaluation evaluations evaluator reevaluation assessment assessments triennial review
  reviews initial interim amendment addendum eligibility eligible category categories determination primary secondary
  services related support supports supplementary supplemental aids aid aide aides accommodation accommodations
  modification modifications adaptation adaptations extended school year esy transportation transition post secondary
  postsecondary employment training independent living placement setting settings location locations general regular
  classroom classrooms class classes resource room rsp sdc self contained inclusion inclusive mainstream mainstreaming
  push pull small group groups large whole one speech language pathologist pathologists pathology slp occupational ot
  physical pt therapy therapies therapist therapists psychologist psychologists psychology psychological counselor
  counselors counseling counsellor counselling nurse nurses nursing nurse health audiologist audiology vision hearing
  orientation mobility adapted adaptive behavior behaviors behavioral behaviour intervention interventions interventionist
  bip fba positive emotional social worker workers work administrator administrators administrative administration
  principal principals vice assistant assistants director directors coordinator coordinators manager managers management
  case carrier teacher teachers teaching tutor tutors student students pupil pupils child children child's kid kids parent
  parents mother mothers father fathers mom mommy dad daddy guardian guardians grandparent grandmother grandfather
  foster surrogate family families sister brother sibling siblings aunt uncle home household advocate advocates attorney
  interpreter interpreters translator representative representatives local lea agency agencies district unified county
  selpa department office elementary primary middle high junior senior school schools preschool kindergarten prekindergarten
  grade grades grader graders academy college university center centre
  autism autistic spectrum disorder disorders specific learning intellectual emotional disturbance orthopedic impairment
  impairments impaired other traumatic brain injury deaf deafness blind blindness visual multiple developmental delay
  delays delayed attention deficit hyperactivity dyslexia dyslexic dysgraphia dyscalculia apraxia dyspraxia down syndrome
  cerebral palsy epilepsy seizure seizures asthma allergies allergy anxiety depression trauma asperger
  reading read reader reads writing write writes written math maths mathematics mathematical arithmetic algebra geometry
  calculation spelling phonics phonological phonemic phonology awareness decoding encoding fluency comprehension
  vocabulary grammar expression expressive receptive articulation pragmatic pragmatics communication oral listening
  speaking language arts ela eld science sciences history studies music art arts gym pe recess lunch breakfast library
  computer computers technology assistive device devices keyboarding handwriting fine gross motor sensory processing
  cognitive cognition memory working verbal nonverbal reasoning fluid visual spatial executive functioning attention
  organization organizational task tasks homework classwork assignment assignments test tests testing quiz quizzes exam
  statewide district standard standards standardized score scores scaled percentile percentiles rank range average below
  above basic proficient proficiency advanced expected approximate approximately grade equivalent age equivalent
  minutes minute hours hour day days week weeks month months year years time times session sessions frequency duration
  start end begin begins began beginning ending ends total amount provider providers provided provide provides delivery
  direct indirect consult consultation consultative collaboration collaborative monitoring monitor data collection
  observation observations observed interview interviews records record file files work sample samples probe probes
  rubric rubrics checklist chart charts graph table tables page pages item items step steps number numbers list lists
  note notes summary summaries overview introduction background details detail description descriptions statement
  statements rationale reason reasons conclusion recommendations recommendation decision decisions action actions option
  options considered rejected accepted proposed proposes proposal refusal refuses refused question questions answer
  answers comment comments contact contacts phone telephone email mail fax address

  skill skills ability abilities development personal daily care hygiene toileting feeding eating play leisure safety
  community vocational career job coaching workability regional center medical medication medications diagnosis doctor
  pediatrician history birth pregnancy screening screenings glasses aids equipment wheelchair walker
  preferential seating seat extra extended breaks break frequent quiet space fidget fidgets headphones noise cancelling
  visual visuals schedule schedules timer timers calculator manipulatives organizer organizers graphic audiobook audiobooks
  audio books book text texts speech-to-text text-to-speech chromebook ipad tablet laptop google microsoft apple android
  prompts prompting cues cueing modeling scaffolding chunking repetition repeated directions direction instructions read-aloud
  simplified shortened reduced alternate alternative alternative copies copy notes peer peers buddy friend friends reward
  rewards token economy reinforcement incentives incentive check-in check-out de-escalation calm calming strategies
  strategy coping regulation zones self advocacy turn taking conversation conversational greetings empathy

  wechsler woodcock  kaufman vineland conners gars cars ados basc brief celf ppvt evt wisc wppsi wiat ktea ctopp
  gort dibels lexile iready fastbridge beery bot peabody bracken stanford binet leiter  fristoe behavior rating
  caspp caaspp elpac celdt smarter balanced  renaissance i-ready newsela orton gillingham  lindamood 
  fundations heggerty raz  lexia touchmath khan kahoot boardmaker proloquo pecs teacch aba floortime
  medicare medicaid medi cal ssi ferpa hipaa usc cfr cde ocr ed
  u s usa uk

  ongoing met partially emerging mastered introduced satisfactory excellent yes no none not applicable n/a tbd
  happy friendly kind curious creative polite respectful helpful hardworking active enthusiastic motivated
  responsible enjoys likes loves wants hopes wishes worries worried asked asks
  because since despite although therefore moreover furthermore additionally likewise similarly accordingly
  according based given regarding concerning including starting ending beginning following
  important key people person staff personnel others everyone anybody

  problem problems solving solve outcome outcomes example examples fun bunch club noise canceling cancelling aloud
  word words sentence sentences paragraph paragraphs story stories sound sounds letter letters digit digits fact facts
  order sequence pattern patterns idea ideas main topic topics event events cause effect opinion response responses
  request requests help helper helpers share shares sharing line up clean stop stops go calm corner zone zones social thinking
  emotion emotions feelings feeling peer play playground bus car walk ride driver cafeteria office hallway bathroom
  kitchen garden door desk seat chair table board screen paper pencil pencils pen grip grips slant lined highlighter folder
  binder planner agenda calendar clock watch phone app apps website video videos game games toy toys puzzle puzzles
  bird birds animal animals dog cat horse dinosaur dinosaurs train trains map maps drawing painting dance soccer
  basketball baseball swimming swim running sport sports lego legos disney minecraft roblox pokemon youtube
  guidance policy policies form forms box boxes check checks circle mark marks x o version draft final copy original
  attachment attachments appendix cover header footer
  type types kind kinds size sizes color colors red orange yellow green blue purple
  people everyone child's student's parent's teacher's team's
  age ages sex gender male female birthdate born birthday ethnicity race language dominant primary native fluent
  city zip country nation residence attendance enrolled enrollment grade's
  impact involvement curriculum access participation nonparticipation percent percentage total average mean median
  rate rates accuracy trial trials opportunity opportunities consecutive criteria cue independence independent
  independently minimal moderate maximum verbal gestural model models modeled
  triggers trigger dislikes dislike motivators motivator likes challenge challenges difficulty difficulties weakness
  weaknesses growth gains regression recoupment maintenance generalization
  diet allergy height weight hearing passed failed pass fail normal limits within
  bilingual bicultural multilingual monolingual english-language learner learners newcomer redesignated reclassified
  mode modes media format formats large-print braille captioning captions sign asl amplification fm
  career technical job jobs volunteer internship housing bank money budget shopping cooking laundry
  suspension suspensions expulsion discipline manifestation restraint seclusion incident incidents
  invitation invited excused excusal waiver waived timeline timelines deadline due
  complaint mediation hearing hearings due process ombudsman appeal stay put

  guatemala honduras salvador nicaragua panama cuba haiti dominican republic puerto rico colombia venezuela ecuador peru
  chile argentina bolivia uruguay paraguay brazil canada england britain ireland scotland france germany italy spain
  portugal poland ukraine russia turkey iran iraq syria lebanon  palestine egypt morocco algeria sudan ethiopia
  eritrea  nigeria ghana congo liberia  pakistan bangladesh nepal afghanistan burma myanmar thailand laos
  cambodia philippines indonesia malaysia singapore korea japan taiwan hong kong mongolia tibet australia zealand samoa
  tonga fiji guam europe asia africa
  guatemalan honduran salvadoran cuban colombian venezuelan ecuadorian peruvian brazilian canadian filipino filipina
  cambodian laotian thai burmese pakistani afghan iranian iraqi syrian egyptian ethiopian nigerian ukrainian polish
  mayan mam quechua mixtec zapotec mien samoan tongan amharic tigrinya swahili yoruba igbo bengali gujarati tamil telugu
  our local stand-in stand
`)
