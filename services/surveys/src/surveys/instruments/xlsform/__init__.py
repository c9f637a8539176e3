"""XLSForm, the spreadsheet form of ODK and KoBo: the subset that a questionnaire of ours can say, in and out.

Sheets survey, choices, settings. Types select_one, select_multiple, integer, decimal, range, date, text, note, and
begin_group/end_group around a matrix. Columns type, name, label, hint, guidance_hint (the unit of a number), required,
relevant, constraint, appearance, parameters. What XLSForm has no word for stands in columns `gongping_*`, which other
tools ignore: which question is the headline, the kind of question, which choices are no opinion.

Source: XLSForm specification, https://xlsform.org/en/.
"""

from surveys.instruments.xlsform.reader import Imported, read_xlsform
from surveys.instruments.xlsform.writer import write_xlsform

__all__ = ["Imported", "read_xlsform", "write_xlsform"]
