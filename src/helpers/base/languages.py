"""Words of published tables, by language: what the reader of own files knows. A language more is a line in each table.

Words are written as `fold` has them: small letters without accents. Several stand for one another; those that are only
signs of a language's own stand under "".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeAlias

Words: TypeAlias = Mapping[str, str]
"""By language, words separated by commas."""

SCALES: dict[str, tuple[int, Words]] = {
    "thousand": (3, {
        "": "000, 000s, 1000, 1 000, 1.000, 1,000, 1'000, 1000s", "en": "thousand, thousands, ths",
        "de": "tausend, tsd", "es": "miles", "fr": "millier, milliers", "it": "migliaia, migliaio",
        "nl": "duizend, duizendtal",
        "pt": "milhares", "sv": "tusen, tusental, 1 000-tal, 1000-tal",
        "pl": "tysiac, tysiace, tysiecy, tysiacach, tys",
        "cs": "tisic, tisice, tisicu, tisicich, tis", "ru": "тысяча, тысяч, тысячи, тысячах, тыс",
        "zh": "千", "ko": "천",
    }),
    "ten thousand": (4, {
        "": "10000, 10 000, 10.000, 10,000, 10'000", "en": "ten thousand, ten thousands", "zh": "万, 萬", "ko": "만",
    }),
    "hundred thousand": (5, {
        "": "100000, 100 000, 100.000, 100,000, 100'000", "en": "hundred thousand, hundred thousands, lakh, lakhs",
    }),
    "million": (6, {
        "": "1000000, 1 000 000, 1.000.000, 1,000,000, 1'000'000",
        "en": "million, millions, mn", "de": "millionen, mio", "es": "millon, millones", "it": "milione, milioni, mln",
        "nl": "miljoen", "pt": "milhao, milhoes", "sv": "miljon, miljoner",
        "pl": "milion, miliony, milionow, milionach",
        "cs": "milionu, milionech", "ru": "миллион, миллиона, миллионов, миллионах, млн", "zh": "百万", "tr": "milyon",
    }),
    "ten million": (7, {"en": "ten million, crore, crores"}),
    "hundred million": (8, {"zh": "亿, 億", "ko": "억"}),
    "billion": (9, {
        "en": "billion, billions, bn", "de": "milliarde, milliarden, mrd", "es": "mil millones, miles de millones",
        "fr": "milliard, milliards", "it": "miliardo, miliardi", "nl": "miljard", "pt": "bilhao, bilhoes, mil milhoes",
        "sv": "miljard, miljarder", "pl": "miliard, miliardy, mld", "cs": "miliarda",
        "ru": "миллиард, миллиарды, миллиардов, млрд", "tr": "milyar",
    }),
    "trillion": (12, {"en": "trillion, trillions, tn", "de": "billionen", "es": "billones", "ru": "трлн"}),
}  # fmt: skip
"""Words of a scale, with its power of ten. A German "Billion" is a trillion."""
MULTIPLES: Words = {
    "en": "hundred, hundreds, ten, tens", "de": "hundert, zehn", "fr": "cent, cents, dix", "es": "cien, cientos, diez",
    "it": "cento, dieci", "pl": "sto, setki", "cs": "sto", "ru": "сто, десять",
}  # fmt: skip
"""Before a scale they make another one, of which only some have a name above."""
BRACKETED = {"percent": "pc", "thousand": "k, mil, mille, bin", "million": "m, mill", "billion": "b"}
"""Words of a scale only where they stand alone: in brackets, in a column of units, after "in"."""
PERCENT: Words = {
    "": "%", "en": "percent, percentage, per cent, pct", "de": "prozent, prozentsatz, prozentual",
    "fr": "pour cent, pourcentage",
    "es": "por ciento, porcentaje", "it": "per cento, percentuale", "pt": "por cento, percentagem", "nl": "procent",
    "pl": "procenty, procentach", "cs": "procenta, procentech", "ru": "процент, проценты, процентов, процентах",
    "zh": "百分比", "tr": "yuzde",
}  # fmt: skip
CHANGE: Words = {
    "en": "point, points, change, growth, increase, percentile", "de": "prozentpunkte, veranderung, zuwachs, wachstum",
    "fr": "variation, evolution, croissance", "es": "variacion, crecimiento", "it": "variazione, crescita",
    "pt": "variacao, crescimento", "nl": "verandering, groei", "sv": "forandring, okning", "pl": "zmiana, wzrost",
    "cs": "zmena, rust", "ru": "изменение, рост, прирост", "zh": "增长, 增速, 同比, 环比",
}  # fmt: skip
"""A percentage of a change is no share of a whole."""
PER: Words = {
    "en": "per, of every", "de": "je, pro", "fr": "pour", "es": "por, cada", "it": "per, ogni", "pt": "por", "pl": "na",
    "cs": "na", "ru": "на", "sv": "per", "zh": "每",
}  # fmt: skip
"""What stands before the 100 or 1,000 of a rate."""
IN: Words = {
    "en": "in, x, ×",
    "fr": "en",
    "es": "en",
    "it": "in",
    "pt": "em",
    "pl": "w",
    "cs": "v",
    "ru": "в",
    "sv": "i",
}
OF: Words = {"en": "of", "de": "von, der", "fr": "de, d", "es": "de", "it": "di", "pt": "de", "sv": "av"}
UNIT: Words = {
    "en": "unit, units, unit of measure, figures, values, data, numbers", "de": "einheit, angaben, werte",
    "fr": "unite, unites, donnees", "es": "unidad, unidades",
    "it": "unita, unita di misura, valori, dati", "pt": "unidade", "nl": "eenheid", "sv": "enhet",
    "pl": "jednostka, dane",
    "cs": "jednotka, merna jednotka", "ru": "единица измерения", "zh": "单位",
}  # fmt: skip
"""What stands before a unit in a row above a table."""
PERIODS: dict[str, Words] = {
    "year": {
        "en": "year, years", "de": "jahr, jahre", "fr": "annee, annees", "es": "ano, anos", "it": "anno, anni",
        "nl": "jaar", "sv": "ar", "pl": "rok, lata", "cs": "rok, roky", "ru": "год, годы, г", "zh": "年份, 年, 年度",
        "tr": "yil", "ko": "연도",
    },
    "half-year": {
        "en": "half, h", "de": "halbjahr, hj", "fr": "semestre, s", "it": "semestre", "pl": "polrocze",
        "cs": "pololeti", "ru": "полугодие", "zh": "半年",
    },
    "quarter": {
        "en": "quarter, quarters, qtr, q", "de": "quartal, vierteljahr, vj", "fr": "trimestre, trim, t",
        "es": "trimestres", "nl": "kwartaal", "sv": "kvartal, kv, k", "pl": "kwartal, kw", "cs": "ctvrtleti",
        "ru": "квартал, кв", "zh": "季度, 季", "tr": "ceyrek",
    },
    "month": {
        "en": "month, months, m", "de": "monat, monate", "fr": "mois", "es": "mes, meses", "it": "mese, mesi",
        "nl": "maand", "sv": "manad", "pl": "miesiac, miesiace", "cs": "mesic, mesice", "ru": "месяц, месяцы",
        "zh": "月份, 月", "tr": "ay",
    },
}  # fmt: skip
"""Headings of periods, and words in them, as in "1. Quartal 2023"."""
DATES: Words = {
    "en": "period, time, day, time_period, ref_date, reference_date", "de": "datum, zeit, zeitraum, periode, stichtag",
    "es": "fecha, periodo", "it": "data", "nl": "perioden", "pl": "okres", "cs": "obdobi", "ru": "дата, период",
    "zh": "日期, 时间, 年月", "tr": "tarih, donem",
}  # fmt: skip
"""Further headings of dates."""
MONTHS: Words = {
    "en": "january, february, march, april, may, june, july, august, september, october, november, december",
    "de": "januar, februar, marz mrz, april, mai, juni, juli, august, september, oktober, november, dezember",
    "de-AT": "janner, feber, marz, april, mai, juni, juli, august, september, oktober, november, dezember",
    "fr": "janvier, fevrier, mars, avril, mai, juin, juillet, aout, septembre, octobre, novembre, decembre",
    "es": "enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre",
    "it": "gennaio, febbraio, marzo, aprile, maggio, giugno, luglio, agosto, settembre, ottobre, novembre, dicembre",
    "nl": "januari, februari, maart mrt, april, mei, juni, juli, augustus, september, oktober, november, december",
    "pt": "janeiro, fevereiro, marco, abril, maio, junho, julho, agosto, setembro, outubro, novembro, dezembro",
    "sv": "januari, februari, mars, april, maj, juni, juli, augusti, september, oktober, november, december",
    "pl": "styczen, luty, marzec, kwiecien, maj, czerwiec, lipiec, sierpien, wrzesien, pazdziernik, listopad, grudzien",
    "pl-2": "stycznia, lutego, marca, kwietnia, maja, czerwca, lipca, sierpnia, wrzesnia, pazdziernika, listopada, grudnia",  # noqa: E501
    "cs": "leden, unor, brezen, duben, kveten, cerven, cervenec, srpen, zari, rijen, listopad, prosinec",
    "cs-2": "ledna, unora, brezna, dubna, kvetna, cervna, cervence, srpna, zari, rijna, listopadu, prosince",
    "ru": "январь, февраль, март, апрель, май, июнь, июль, август, сентябрь, октябрь, ноябрь, декабрь",
    "ru-2": "января, февраля, марта, апреля, мая, июня, июля, августа, сентября, октября, ноября, декабря",
    "tr": "ocak, subat, mart, nisan, mayis, haziran, temmuz, agustos, eylul, ekim, kasim, aralik",
}
"""In order; a language whose months change their ending has a second line."""
CUMULATIVE: Words = {
    "en": "cumul, total sold, total installed, to date", "de": "kumul", "es": "acumul", "pl": "narast, skumul",
    "sv": "ackumul", "ru": "накоплен, нараст", "zh": "累计",
}  # fmt: skip
"""Beginnings of words that say that a figure counts all so far."""
GENERAL: Words = {
    "en": "number, count, total, amount, share, n", "de": "anzahl, insgesamt, anteil, zahl", "es": "numero, total",
    "fr": "nombre, ensemble, part, effectif", "it": "numero, totale, quota", "nl": "aantal, totaal",
    "sv": "antal, totalt",
    "pl": "liczba, ogolem, razem, udzial", "cs": "pocet, celkem, podil", "ru": "число, количество, всего, доля",
    "zh": "数量, 合计",
}  # fmt: skip
"""Headings of figures that say nothing of what is counted."""
NOTES: Words = {
    "": "*, ©", "en": "source, sources, note, notes, footnote, copyright, last updated, last update",
    "de": "quelle, anmerkung, hinweis, stand, fussnote", "fr": "champ, lecture", "es": "fuente, nota",
    "it": "fonte", "nl": "bron", "sv": "kalla", "pl": "zrodlo, uwaga", "cs": "zdroj, poznamka",
    "ru": "источник, примечание", "zh": "资料来源, 注", "tr": "kaynak",
}  # fmt: skip
"""Beginnings of rows beside a table that say nothing of its unit and are no title."""
TABLE: Words = {
    "en": "table, figure", "de": "tabelle, tab, abbildung", "fr": "tableau", "es": "tabla, cuadro", "it": "tavola",
    "pt": "tabela", "nl": "tabel", "sv": "tabell", "pl": "tablica", "cs": "tabulka", "ru": "таблица", "zh": "表",
}  # fmt: skip
"""What stands before the number of a table in its title."""
COUNTRIES: Words = {
    "Austria": "osterreich, autriche, rakousko, 奥地利", "Brazil": "brasilien, bresil, brasil, brasile, 巴西",
    "China": "chine, cina, chiny, cina, китай, 中国", "France": "frankreich, francia, francja, francie, франция, 法国",
    "Germany": "deutschland, allemagne, alemania, germania, alemanha, niemcy, nemecko, duitsland, германия, 德国",
    "India": "indien, inde, indie, индия, 印度", "Italy": "italien, italie, italia, wlochy, италия, 意大利",
    "Japan": "japon, giappone, japonia, япония, 日本",
    "Netherlands": "niederlande, pays-bas, paises bajos, nederland, holland",
    "Poland": "polen, pologne, polonia, polska, польша",
    "Russia": "russland, russie, rusia, rosja, россия, russian federation",
    "Spain": "spanien, espagne, espana, spagna, hiszpania, испания, 西班牙",
    "Sweden": "schweden, suede, suecia, sverige",
    "Switzerland": "schweiz, suisse, svizzera, suiza", "South Korea": "sudkorea, coree du sud, korea, 韩国, 한국",
    "United Kingdom": "grossbritannien, vereinigtes konigreich, royaume-uni, reino unido, uk, great britain, 英国",
    "United States": "usa, us, vereinigte staaten, etats-unis, estados unidos, stati uniti, сша, 美国",
}  # fmt: skip
"""Names of countries in other languages, and other ones, by the name in English."""
LETTERS: dict[str, tuple[str, str]] = {
    "de": ("äöüßé", "der, die, und, von, nach, jahr, anzahl, haushalte, personen, quelle"),
    "fr": (
        "àâæçéèêëîïôœùûüÿ",
        "de, des, du, les, la, et, annee, nombre, menages, en, periode, ventes, trimestre, part, utilisateurs",
    ),
    "es": ("áéíñóúü", "de, del, los, las, el, en, por, ano, hogares"),
    "it": ("àèéìîòù", "di, del, delle, per, con, anno, famiglie, fonte"),
    "pt": ("áâãàçéêíóôõúü", "de, da, dos, em, por, ano, domicilios, fonte"),
    "nl": ("ëéèïöüó", "van, het, een, met, jaar, aantal, huishoudens"),
    "sv": ("åäöé", "av, och, med, ar, antal, hushall, kalla"),
    "da": ("æøåé", "af, og, med, ar, antal, husstande, kilde, husholdninger"),
    "is": ("áéíóúýþæöð", "og, eftir, ar, fjoldi"),
}
"""Letters beyond ASCII of languages written in cp1252, and words that tell them from those of cp1250 and others."""


@cache
def fold(text: str) -> str:
    """A text in small letters, without accents and other marks.

    >>> fold("März"), fold("Čtvrtletí"), fold("１０００")
    ('marz', 'ctvrtleti', '1000')
    """
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(mark for mark in parts if not unicodedata.combining(mark))
    return unicodedata.normalize("NFC", plain.translate(str.maketrans("łøđı\u2019", "lodi'")))


def list_words(words: Words | Iterable[str]) -> list[str]:
    """All words of a table, of whatever language; each once, in order."""
    lines = words.values() if isinstance(words, Mapping) else words
    return list(dict.fromkeys(fold(word.strip()) for line in lines for word in re.split(r",(?!\d)", line)))


def any_of(*tables: Words) -> str:
    """A pattern of the words of tables, the longest first, for a text that `fold` has written."""
    words = sorted((word for table in tables for word in list_words(table)), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, words))})"


def merge_words(*tables: Words) -> dict[str, str]:
    """The words of several tables by language, without those of one letter."""
    languages = dict.fromkeys(language for table in tables for language in table)
    lines = {each: [word for table in tables for word in list_words([table.get(each, "")])] for each in languages}
    return {
        each: ", ".join(word for word in line if len(word) > 1 or not word.isascii()) for each, line in lines.items()
    }


@cache
def find_month(word: str) -> int:
    """The number of the month that a folded word names, in whole or by its first three letters or more; 0 for none.

    >>> find_month("marz"), find_month("sept"), find_month("juillet"), find_month("jui"), find_month("heat")
    (3, 9, 7, 0, 0)
    """
    named: dict[str, int] = {}
    for line in MONTHS.values():
        named |= {each: place for place, names in enumerate(fold(line).split(","), 1) for each in names.split()}
    begun = {number for name, number in named.items() if len(word) > 2 and name.startswith(word)}
    return named.get(word) or (begun.pop() if len(begun) == 1 else 0)


@cache
def find_period(word: str) -> str:
    """What a folded word in a date counts: "year", "half-year", "quarter", "month", or "" for none."""
    return next((kind for kind, words in PERIODS.items() if word in list_words(words)), "")


def heading_period(heading: str) -> str:
    """What a column of dates or of parts of years holds by its heading; also in a word made of several.

    >>> heading_period("Berichtsquartal"), heading_period("Rok / kwartał"), heading_period("Monat"), heading_period("t")
    ('quarter', 'quarter', 'month', '')
    """
    plain = fold(heading)
    for kind in ("quarter", "half-year", "month", "year"):
        for word in (word for word in list_words(PERIODS[kind]) if len(word) > 1 or not word.isascii()):
            inside = len(word) > 4 or word in "年月季"  # in a compound, and in scripts without blanks
            if word in re.findall(r"[^\W\d_]+", plain) or (inside and word in plain):
                return kind
    return ""
