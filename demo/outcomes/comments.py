"""Write made-up comments for surveys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

PLEASED = {
    "exercises": (
        "The exercises in {module} are what made it stick for me.",
        "Loved the hands-on exercises, I learn nothing from slides alone.",
        "Real examples in every exercise instead of toy data. Thank you!",
        "The quiz after each module showed me exactly what to read again.",
        "Practical tasks every week, and every exercise builds on the one before.",
        "Best part: the practice tasks. Short enough to do on the train.",
        "I still go back to the exercises from {module} when I'm stuck at work.",
        "The quizzes are fair and the practice questions are close to real work.",
    ),
    "videos": (
        "The videos are short and to the point, I could watch one over lunch.",
        "Great videos. {module} was so clear that I watched it twice just to enjoy it.",
        "Video lessons with captions, finally! I'm hard of hearing and could follow all of it.",
        "I liked that the videos show mistakes too and how to get out of them.",
        "Good pictures, good sound, no endless intros in the video lectures.",
        "Watching the video at 1.5x and then doing the notes worked perfectly for me.",
        "The video about {module} should be shown to everybody in my company.",
    ),
    "teachers": (
        "Feedback from the tutor came within a day and was really useful.",
        "Our tutor answered every question patiently, even the silly ones.",
        "The comments from my tutor on the last assignment were worth the price alone.",
        "The instructor explains difficult things in plain words.",
        "You notice that the instructor does this for a living. Brilliant explanations.",
        "Very kind tutors, and honest feedback when my work was not good enough yet.",
        "Personal feedback on every hand-in. I have never had that in an online course.",
    ),
    "work": (
        "I used what I learned in {module} at work the very next day.",
        "My manager noticed the difference in my job after three weeks.",
        "I got an interview for a new job because of the project from this course.",
        "Exactly the skills my job asks for, nothing that I'd never use.",
        "It gave me the confidence to ask for a new role at work, and I got it.",
        "Changed careers at 44 and this course was the first step into the new job.",
        "We now run our Monday meetings at work the way you teach it.",
        "I could show my portfolio from the course in a job interview. Worth every hour.",
    ),
    "pace": (
        "One module a week is a pace I can keep next to a full-time job and two kids.",
        "Good pace, clear deadlines, and no drama when I needed a few days more.",
        "Being able to pause for two weeks when my father was ill saved me. Thank you.",
        "The weekly rhythm kept me going, the workload was just right.",
        "Well paced. {module} took longer than planned but the extra time was there.",
        "The reminders about deadlines came at the right time, never too many.",
    ),
    "people": (
        "I still talk to two people from my study group every week.",
        "The discussion forum is alive! Somebody always answers.",
        "Learning with other people in the same cohort made all the difference.",
        "Great group, we helped each other through {module} in the forum.",
        "I was afraid to be the oldest in the group, but everybody was so welcoming.",
        "The discussions with people from other countries taught me a lot.",
    ),
    "material": (
        "Everything is well structured, from {module} to the end there is a red thread.",
        "Clear material that explains why and not only how.",
        "The reading lists are excellent and the summaries are good to keep.",
        "Very clear structure, I always knew what comes next and why.",
        "The handouts for {module} hang on my wall now.",
        "The texts are well written and easy to follow for a non-native speaker.",
    ),
    "platform": (
        "The platform just works, on my phone as well as on my old laptop.",
        "I did most of it on my phone, and the app never lost my progress.",
        "Login, player, notes: everything on the website is simple and fast.",
        "Nice clean website. I could download everything before a long flight.",
    ),
}
SO_SO = {
    "exercises": (
        "More exercises please, {module} has only one and I wanted to practise more.",
        "Some quiz questions are worded in a confusing way.",
        "Good, but the exercises jump from too easy to too hard in {module}.",
    ),
    "videos": (
        "Most videos are good, the ones in {module} are a bit long.",
        "Fine, though I'd rather read than watch a video.",
        "The sound of some videos is too low with headphones.",
    ),
    "teachers": (
        "The tutor's feedback was good, but I'd have liked to get it sooner.",
        "Helpful tutors, but not at weekends when I study.",
    ),
    "work": (
        "Solid basics. For my job I'd need a part two that goes deeper.",
        "Useful for work in parts. {module} is not something I'll need.",
    ),
    "pace": (
        "A good course, but {module} does not fit into one week next to a job.",
        "The workload was higher than the page said, some weeks eight hours.",
        "I'd have liked to go faster, the first weeks are slow.",
    ),
    "people": (
        "The forum was quiet in the last weeks.",
        "I missed a live session with the group now and then.",
    ),
    "material": (
        "Good content, a few links in the material of {module} are dead.",
        "Fine overall. The texts could do with more pictures.",
    ),
    "platform": (
        "The course is good, but searching on the website is painful.",
        "Had to log in again and again on my phone.",
    ),
}
UPSET = {
    "exercises": (
        "The quiz in {module} asks things that were never taught. Very frustrating.",
        "The exercises have errors in the answers and nobody corrects them.",
    ),
    "videos": (
        "The videos in {module} are outdated, half of the menus look different now.",
        "An hour of somebody reading slides in a video is not teaching.",
    ),
    "teachers": (
        "I waited nine days for feedback on my assignment, by then I was two modules further.",
        "No answer from the tutor at all. I felt left alone in {module}.",
    ),
    "work": (
        "Too basic for anyone who does this job already. I learned nothing new.",
        "The page promised help with finding a job. There was none.",
    ),
    "pace": (
        "Way too much in {module} for a single week, I gave up sleep to keep the deadline.",
        "The deadlines are not realistic with a job and a family.",
    ),
    "people": ("Nobody answered in the forum and my study group fell apart after a week.",),
    "material": (
        "{module} is a mess. Terms are used before they are explained.",
        "The material for {module} feels thrown together, I was completely lost.",
        "Found the same text for free elsewhere. Disappointed.",
    ),
    "platform": (
        "The site crashed twice during my assessment and I had to start again.",
        "The video player kept freezing and support told me to change my browser.",
        "Lost my notes after an update of the app. Not acceptable for this price.",
    ),
}
ENDINGS = {
    "pleased": (
        "Would do it again.",
        "Already told my colleagues about it.",
        "Thanks to the whole team!",
        "On to the next one.",
        "Keep it up!",
        "A joy from start to end.",
    ),
    "so_so": ("Otherwise fine.", "All in all okay.", "Still glad I did it."),
    "upset": ("I expected more.", "Not for this price.", "Please fix this.", "I won't be back."),
}
FOREIGN_COMMENTS = {
    "pleased": (
        ("de", "Sehr gut erklärt und genau das richtige Tempo neben der Arbeit."),
        ("de", "Die Übungen waren super, ich konnte alles gleich im Büro anwenden."),
        ("de", "Tolle Betreuung, auf jede Frage kam am selben Tag eine Antwort."),
        ("de", "Klare Videos ohne Geschwätz. Gerne wieder!"),
        ("de", "Dank des Kurses habe ich endlich die neue Stelle bekommen."),
        ("es", "Los ejercicios son muy prácticos y los uso cada día en mi trabajo."),
        ("es", "Excelente curso, los tutores responden rápido y con mucha paciencia."),
        ("es", "Los vídeos son cortos y claros. Lo recomiendo a todo el mundo."),
        ("es", "Me encantó el grupo, seguimos en contacto después del curso."),
        ("es", "Muy buen ritmo, pude compaginarlo con mi familia y mi empleo."),
    ),
    "so_so": (
        ("de", "Inhaltlich gut, aber manche Videos sind zu lang."),
        ("de", "Ganz ordentlich, nur im Forum war zuletzt wenig los."),
        ("es", "Está bien, aber me faltaron más ejercicios."),
        ("es", "Buen contenido, aunque algunas semanas fueron demasiado intensas."),
    ),
    "upset": (
        ("de", "Leider ist die Seite während meiner Prüfung zweimal abgestürzt."),
        ("de", "Viel zu viel Stoff für eine Woche, das ist neben dem Beruf nicht zu schaffen."),
        ("es", "Esperé más de una semana la respuesta de mi tutor. Decepcionante."),
        ("es", "Los materiales están desactualizados y mal explicados."),
    ),
}
CAREERS = {
    "placement": (
        "I start as a junior analyst next month. The final project got me the interview.",
        "Found a new job after eight months of looking. The certificate opened the door.",
        "Hired by the company whose data I used in my report!",
        "New position in another city, and they asked about the course in every interview.",
    ),
    "promotion": (
        "Promoted to team lead, my manager named the course as one of the reasons.",
        "Moved up to senior, with a raise. Thank you!",
        "I was asked to lead our department's planning after they saw my work.",
    ),
    "project": (
        "Built a small dashboard for our warehouse, it saves us a day every week.",
        "We finally moved our backups, using what I learned.",
        "I rewrote how we welcome new customers, and fewer of them leave now.",
        "Ran my first project from start to end, on time.",
    ),
}
FOREIGN_SHARE, SECOND_SENTENCE_SHARE, ENDING_SHARE = 0.08, 0.3, 0.35
# the themes that are praised or criticized most
THEME_WEIGHTS = {
    "pleased": {"exercises": 4, "work": 4, "teachers": 3, "videos": 3, "pace": 2},
    "so_so": {"pace": 4, "exercises": 2, "videos": 2},
    "upset": {"platform": 3, "material": 3, "teachers": 2, "pace": 2},
}
BANKS = {"pleased": PLEASED, "so_so": SO_SO, "upset": UPSET}


@dataclass(frozen=True)
class WrittenComment:
    text: str
    language: str = "en"


class CommentWriter:
    """Writes comments in a given mood, using each sentence once before repeating any."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._unused: dict[str, Iterator[str]] = {}

    def comment(self, mood: str, modules: list[str]) -> WrittenComment:
        """Write a “pleased”, “so_so” or “upset” comment on a course with these modules."""
        if self.rng.random() < FOREIGN_SHARE:
            language, text = self.rng.choice(FOREIGN_COMMENTS[mood])
            return WrittenComment(text, language)
        themes = list(BANKS[mood])
        weights = [THEME_WEIGHTS[mood].get(theme, 1) for theme in themes]
        theme = self.rng.choices(themes, weights)[0]
        sentences = [self._next(mood, theme)]
        if self.rng.random() < SECOND_SENTENCE_SHARE:
            sentences.append(self._next(mood, self.rng.choice([theme, *themes])))
        elif self.rng.random() < ENDING_SHARE:
            sentences.append(self.rng.choice(ENDINGS[mood]))
        text = " ".join(dict.fromkeys(sentences))
        return WrittenComment(text.format(module=self.rng.choice(modules)))

    def career(self, kind: str) -> WrittenComment:
        return WrittenComment(self.rng.choice(CAREERS[kind]))

    def _next(self, mood: str, theme: str) -> str:
        key = f"{mood}/{theme}"
        sentence = next(self._unused.get(key, iter(())), None)
        if sentence is None:
            sentences = BANKS[mood][theme]
            self._unused[key] = iter(self.rng.sample(sentences, len(sentences)))
            sentence = next(self._unused[key])
        return sentence
