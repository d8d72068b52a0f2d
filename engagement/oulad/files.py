"""The publisher's seven files: which columns of each are read, and of what type."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

TEXT = pa.string()
CODE = pa.dictionary(pa.int32(), pa.string())
WHOLE = pa.int32()
NUMBER = pa.float64()

COURSES = "courses.csv"
ASSESSMENTS = "assessments.csv"
REGISTRATIONS = "studentRegistration.csv"
RESULTS = "studentInfo.csv"
SUBMISSIONS = "studentAssessment.csv"
SITES = "vle.csv"
CLICKS = "studentVle.csv"

# the publisher wrote "?" for a missing value in the first edition, nothing in the later one
MISSING = ("", "?")


@dataclass(frozen=True)
class Column:
    name: str
    type: pa.DataType
    may_be_missing: bool = False


# whose presentation it is
_PLACE = (Column("code_module", CODE), Column("code_presentation", CODE))

COLUMNS: dict[str, tuple[Column, ...]] = {
    COURSES: (*_PLACE, Column("module_presentation_length", WHOLE)),
    ASSESSMENTS: (
        *_PLACE,
        Column("id_assessment", WHOLE),
        Column("assessment_type", TEXT),
        Column("date", WHOLE, may_be_missing=True),
        Column("weight", NUMBER),
    ),
    REGISTRATIONS: (
        *_PLACE,
        Column("id_student", WHOLE),
        Column("date_registration", WHOLE, may_be_missing=True),
        Column("date_unregistration", WHOLE, may_be_missing=True),
    ),
    # the learners' region, age, education and disability stay where they are: no figure needs them
    RESULTS: (*_PLACE, Column("id_student", WHOLE), Column("final_result", TEXT)),
    SUBMISSIONS: (
        Column("id_assessment", WHOLE),
        Column("id_student", WHOLE),
        Column("date_submitted", WHOLE),
        Column("score", NUMBER, may_be_missing=True),
    ),
    SITES: (Column("id_site", WHOLE), *_PLACE, Column("activity_type", TEXT)),
    CLICKS: (
        *_PLACE,
        Column("id_student", WHOLE),
        Column("id_site", WHOLE),
        Column("date", WHOLE),
        Column("sum_click", WHOLE),
    ),
}
