"""Made-up learners with names from many countries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from curriculum.models import Course, Learner
from demo.world.seeded_random import seeded_random

GIVEN = (
    "Aaliyah Aiko Aleksander Amara Amir Ananya Anouk Arturo Astrid Ayşe Bao Beatriz Benedikt "
    "Bilal Bronwen Camila Chiamaka Chloé Dalia Dariusz Diego Ebba Ekaterina Elif Emeka Eun-ji "
    "Fatima Femi Fiona Freja Gabriela Giulia Goran Hana Haruto Hassan Hina Ibrahim Ingrid Isla "
    "Jamal Jelena Joaquín Jonas Kwame Kyra Lam Layla Leilani Liam Lucía Maël Malik Mariam Mateo "
    "Mei Mina Mirela Nadia Nia Niamh Nikhil Noor Oksana Olamide Omar Paula Petra Priya Quang "
    "Rafael Rania Renske Rohan Rosa Sadia Samir Sanna Selma Seo-yeon Siddharth Sofía Stefan Tariq "
    "Tamsin Thandiwe Tomás Uche Valentina Viktor Wanjiru Wei Xiomara Yara Yusuf Zainab Zofia"
).split()
FAMILY = (
    "Abara Acheampong Adeyemi Ahmadi Álvarez Andersson Banerjee Barros Becker Berisha Bianchi "
    "Boateng Bondarenko Byrne Castillo Chanda Chaudhry Chen Choi Costa Dahl Dang Delacroix Demir "
    "Dlamini Dubois Eriksen Farouk Ferrari Fischer Fraser Gallagher García Georgiou Gupta Haddad "
    "Hansen Hernández Hoang Horvat Ibáñez Ito Jansen Jovanović Kamau Karimi Kaya Khalil Kim Kovács "
    "Kowalska Kumar Larsen Laurent Lewandowski Li Lindqvist Lopes MacLeod Mahlangu Makinde Mansour "
    "Martins Mbeki Mendoza Moreau Morgan Mutua Nakamura Nasser Nguyen Nkosi Novák Nwosu Obi Okafor "
    "Oliveira Osei Papadakis Park Patel Pérez Petrov Qureshi Rahman Ramos Reyes Rossi Saleh Santos "
    "Sato Schneider Sharma Silva Singh Suleiman Suzuki Takahashi Tesfaye Tran Uzun van-Dijk Vargas "
    "Virtanen Wang Weber Wójcik Yamamoto Yılmaz Zhang"
).split()
RETURN_SHARE = 0.3


class LearnerPool:
    """Provides the learners who sign up, some of them for a further course."""

    def __init__(self, seed: int) -> None:
        self.rng = seeded_random(seed, "people")
        self.learners: list[Learner] = []
        self._taken: dict[str, set[str]] = defaultdict(set)
        self._names = self._shuffled_names()

    def for_course(self, course: Course, kind: str = Learner.Kind.LEARNER) -> Learner:
        learner = self._returning_learner(course) if kind == Learner.Kind.LEARNER else None
        learner = learner or self._new_learner(kind)
        self._taken[learner.key].add(course.key)
        return learner

    def _returning_learner(self, course: Course) -> Learner | None:
        if not self.learners or self.rng.random() > RETURN_SHARE:
            return None
        learner = self.rng.choice(self.learners)
        is_new_to_course = course.key not in self._taken[learner.key]
        return learner if is_new_to_course and learner.kind == Learner.Kind.LEARNER else None

    def _new_learner(self, kind: str) -> Learner:
        key = f"L{len(self.learners) + 1:05}"
        email = f"{key.lower()}@example.org"
        learner = Learner(key=key, name=next(self._names), email=email, kind=kind)
        self.learners.append(learner)
        return learner

    def _shuffled_names(self) -> Iterator[str]:
        count = len(GIVEN) * len(FAMILY)
        for number in self.rng.sample(range(count), count):
            given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN)]
            yield f"{given} {family.replace('-', ' ')}"
