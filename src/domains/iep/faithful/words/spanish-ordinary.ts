/** Words that Spanish texts of this field write with a capital letter without naming a person; folded. */
export const spanishOrdinary: ReadonlySet<string> = new Set(
  `el la los las un una unos unas lo al del de en con por para sin sobre segun y o u e si no que como cuando donde quien
  este esta estos estas ese esa eso esto aquel su sus mi mis nuestro nuestra tambien ademas ella ellos ellas usted ustedes
  enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
  lunes martes miercoles jueves viernes sabado domingo primavera verano otono invierno
  ingles espanol chino vietnamita estados unidos mexico california norte sur este oeste
  programa programas plan equipo equipos educacion educativo educativa individualizado individualizada individual especial
  especiales general regular aula aulas clase clases salon salones escuela escuelas primaria secundaria preparatoria distrito
  escolar ley derechos garantias procesales aviso previo escrito escrita consentimiento informado ambiente entorno menos
  restrictivo publica publico gratuita apropiada adecuada niveles nivel actuales actual desempeno rendimiento meta metas
  anual anuales objetivo objetivos servicio servicios relacionados relacionado terapia terapias terapeuta habla lenguaje
  patologo patologa fonoaudiologo fonoaudiologa logopeda psicologo psicologa consejero consejera maestro maestra maestros
  profesor profesora docente especialista recursos encargado encargada caso director directora subdirector enfermera
  enfermero auxiliar asistente interprete representante administrador administradora coordinador coordinadora
  madre padre padres tutor tutora familia hijo hija nino nina estudiante estudiantes alumno alumna persona personas clave
  adaptacion adaptaciones modificacion modificaciones ubicacion elegibilidad fortalezas necesidades evaluacion evaluaciones
  informe informes progreso fecha fechas inicio fin frecuencia duracion lugar proveedor tiempo minutos horas semana mes ano
  discapacidad discapacidades aprendizaje especifica especifico trastorno autismo deficit atencion hiperactividad
  impedimento salud vision audicion fisica fisico ocupacional motora motor lectura escritura matematicas comprension fluidez
  ciencias sociales arte musica tecnologia apoyo apoyos ayuda ayudas transporte extendido ano transicion conducta
  intervencion centro condado estado departamento oficina ciudad agencia local federal codigo seccion parte
  linea base resumen nota notas area areas prueba pruebas puntaje puntuacion estandar percentil grado edad
  responsable responsables nombre rol relacion firma firmas reunion participantes asistentes otros otras todos todas
  sala biblioteca oficina comedor hogar casa terapeuta fisioterapeuta trabajador trabajadora social
  otro otra mejora individuo individuos asiento asientos grupo grupos pequeno pequena pequenos pequenas grande grandes
  horario horarios ruido ruidos audifonos descanso descansos ensenanza educador educadora preferencial preferenciales
  tabla lista cuadro resultado resultados punto puntos criterio criterios paso pasos intento intentos
  texto voz copia copias libro libros papel lapiz calculadora computadora tableta dispositivo dispositivos
  derecho acuerdo consejeria trabajo tarea tareas examen examenes calificaciones boleta
  habilidad habilidades conversacion palabra palabras oracion oraciones problema problemas numero numeros
  cuidado cuidados higiene seguridad vida diaria juego juegos recreo almuerzo desayuno autobus
  si no ninguno ninguna nada todo toda cada mas menos muy bien mal mejor peor nuevo nueva primer primera segundo segunda
  tercer tercera cuarto cuarta quinto quinta uno dos tres cuatro cinco seis siete ocho nueve diez
  desde hasta entre durante antes despues luego ahora hoy siempre nunca cerca lejos dentro fuera
  puede pueden tiene tienen esta estan es son fue fueron sera seran recibe recibira recibio lee leera escribe escribira
  usa usara trabaja trabajara necesita participa asiste habla vive dice dijo mostro muestra obtuvo logro
  cuando quien cual cuales porque aunque mientras tanto asi entonces pero sino
  colombia venezuela guatemala honduras salvador nicaragua cuba peru chile argentina brasil espana china vietnam filipinas
  pruebas prueba tiempo extendido repetida repetidas lectura seguimiento instrucciones instruccion
  senor senora senorita don dona`.split(/\s+/),
)

/** As `spanishOrdinary`, by the ending. */
export const spanishEndings =
  /(?:cion|ales|iales|anza|anzas|eros|eras|ores|oras|ciones|sion|siones|dad|dades|miento|mientos|mente|ivo|iva|ivos|ivas|ismo|ista|istas|logia|logo|loga|ario|aria|arios|arias|izado|izada|ico|ica|icos|icas|ado|ada|ados|adas|ido|ida|idos|idas|encia|encias|ancia|ura|able|ables|ible|ibles|ando|iendo|oso|osa|torio|toria)$/
