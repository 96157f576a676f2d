import type { Content } from '../../../../../src/domains/iep/content.ts'

/** A faithful translation of the English sample, as written for parents in the United States. */
export const spanish: Content = {
  summary: `Ada tiene 9 años y está en 4.º grado en la escuela Juniper Elementary School. Tiene una discapacidad específica del aprendizaje y un impedimento del habla o del lenguaje. Su IEP se escribió el 12 de marzo de 2026 y la próxima revisión anual debe hacerse a más tardar el 11 de marzo de 2027.

Cada semana la escuela le da a Ada 180 minutos de enseñanza académica especializada (45 minutos, 4 veces por semana), 60 minutos de terapia del habla y 30 minutos de terapia ocupacional. Ella trabaja en la lectura, el sonido /r/ y los problemas de matemáticas con palabras. En el verano de 2026 también recibe 120 minutos de enseñanza de lectura cada día, del 15 de junio al 10 de julio.`,
  summaryPages: [1, 5, 6, 7, 8, 9],
  sections: [
    {
      key: 'presentLevels',
      title: 'Niveles actuales',
      content: `**Lectura:** El 14 de enero de 2026, Ada leyó 58 palabras por minuto en un texto de tercer grado, con 91 % de precisión. En el otoño leyó 46. Su nivel de instrucción es 2.5.

**Escritura:** Escribe de 3 a 4 oraciones sobre una imagen y obtuvo 1,5 de 4 puntos.

**Matemáticas:** Resuelve problemas de un paso con 80 % de precisión y problemas de dos pasos con 35 % de precisión (7 de 20).

| Prueba (Woodcock-Johnson IV) | Puntaje estándar | Percentil |
| --- | --- | --- |
| Lectura general (Broad Reading) | 78 | 7 |
| Matemáticas generales (Broad Mathematics) | 89 | 23 |
| Lenguaje escrito general (Broad Written Language) | 82 | 12 |

**Habla:** La Sra. Nguyen evaluó a Ada en febrero de 2026. Ada sigue instrucciones de dos pasos en 9 de 10 intentos e instrucciones de tres pasos en 5 de 10 intentos. Dice /r/ correctamente en el 40 por ciento de las palabras.

**Otras áreas:**

- Ada se cansa después de 8 minutos de escribir a mano.
- Pide un descanso unas tres veces al día cuando el trabajo es difícil.
- Pasó el examen de la vista y del oído el 15 de septiembre de 2025.
- La Sra. Hopper dice que la tarea toma hasta una hora y media cada noche.`,
      found: true,
      pages: [3, 4],
    },
    {
      key: 'eligibility',
      title: 'Elegibilidad',
      content: `Ada es elegible por una discapacidad específica del aprendizaje y un impedimento del habla o del lenguaje. Fue declarada elegible por primera vez el 9 de octubre de 2022.

La Dra. Priya Natarajan encontró una diferencia de 24 puntos entre el razonamiento (98) y la lectura básica (74). La regla pide 22,5 puntos.`,
      found: true,
      pages: [2, 5],
    },
    {
      key: 'placement',
      title: 'Ubicación educativa',
      content: `Ada pasa el 84 % de su tiempo en la clase regular y el 16 % fuera de ella. El equipo consideró una clase especial de día completo. Decidió no hacerlo porque Ada progresa en un grupo de no más de 6 estudiantes.`,
      found: true,
      pages: [10],
    },
    {
      key: 'goals',
      title: 'Metas',
      content: `1. **Fluidez en la lectura:** Para el 11 de marzo de 2027, Ada leerá 90 palabras por minuto en un texto de cuarto grado con 95 % de precisión en 4 de cada 5 intentos. Esto se mide con lecturas cronometradas semanales. Marisol Vega-Ruiz es la responsable.
   - Para el 12 de junio de 2026: 66 palabras por minuto
   - Para el 20 de noviembre de 2026: 78 palabras por minuto
2. **Articulación:** Para el 11 de marzo de 2027, Ada dirá /r/ en la conversación con 80 % a 90 % de precisión en 3 sesiones. Thuy Nguyen es la responsable.
3. **Problemas de matemáticas con palabras:** Para el 11 de marzo de 2027, Ada resolverá problemas de dos pasos con 80 % de precisión en 4 de 5 intentos. Comienza con 35 %.

El progreso se informa cada trimestre con las boletas de calificaciones.`,
      found: true,
      pages: [6, 7],
    },
    {
      key: 'services',
      title: 'Servicios',
      content: `| Servicio | Cuánto | Dónde | Desde | Hasta |
| --- | --- | --- | --- | --- |
| Enseñanza académica especializada | 45 minutos, 4 veces por semana (180 minutos por semana) | Salón de recursos | 12 de marzo de 2026 | 11 de marzo de 2027 |
| Terapia del habla | 30 minutos, 2 veces a la semana (60 minutos semanales) | Salón de terapia | 12 de marzo de 2026 | 11 de marzo de 2027 |
| Terapia ocupacional | 30 minutos, una vez por semana | Salón de clase | 19 de marzo de 2026 | 11 de marzo de 2027 |
| Enseñanza de lectura en el verano | 120 minutos por día | Salón 12 | 15 de junio de 2026 | 10 de julio de 2026 |

La especialista en educación habla con el maestro durante 20 minutos al mes, y la psicóloga con el equipo durante 15 minutos al mes. Ada toma el autobús general a las 7:35 a. m.`,
      found: true,
      pages: [8, 9],
    },
    {
      key: 'accommodations',
      title: 'Adaptaciones',
      content: `- Tiempo extendido en los exámenes: 50 % más
- Un asiento a no más de 6 pies de la maestra
- Un descanso de 3 minutos después de cada 20 minutos de escritura
- Texto a voz para pasajes de más de 200 palabras
- Instrucciones repetidas y acortadas`,
      found: true,
      pages: [11],
    },
    {
      key: 'informedConsent',
      title: 'Consentimiento informado',
      content: `Los padres recibieron las garantías procesales el 2 de marzo de 2026. Grace Hopper aceptó todo el IEP y firmó el 16 de marzo de 2026. El distrito enviará una traducción al español en un plazo de 30 días.`,
      found: true,
      pages: [12],
    },
    {
      key: 'keyPeople',
      title: 'Personas clave',
      content: `| Nombre | Función |
| --- | --- |
| Grace Hopper | Madre |
| Linus Lovelace | Padre |
| Marisol Vega-Ruiz | Especialista en educación y encargada del caso |
| Kevin O'Brien | Maestro de educación general |
| Dra. Priya Natarajan | Psicóloga escolar |
| Thuy Nguyen | Patóloga del habla y del lenguaje |
| J. Whitfield | Representante del distrito |`,
      found: true,
      pages: [1, 2],
    },
    {
      key: 'strengths',
      title: 'Fortalezas',
      content: `Ada es curiosa, amable y perseverante. Le encantan los pájaros, los mapas y construir con bloques. El Sr. O'Brien dice que ella es la primera en ayudar a un compañero nuevo. Sabe 88 de 100 multiplicaciones.`,
      found: true,
      pages: [5],
    },
  ],
}
