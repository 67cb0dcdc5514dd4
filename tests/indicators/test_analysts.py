"""Ten kinds of files that analysts have, with the figures that each means: read to these, or the option is named.

The files and the figures were written before the module that reads them was read, and stay as they are.
"""

# ruff: noqa: E501  # files stand whole

import io
from datetime import datetime

import openpyxl
import pandas as pd
import pytest

from adoption_curves import indicators
from adoption_curves.base.source import Source

pytestmark = pytest.mark.usefixtures("small_project")


def read(folder, name, content, **choices):
    """Figures by day, unit and the lines about how a file was understood."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    choices = {name.replace("_", "-"): value for name, value in choices.items()}
    data = indicators.load(Source(path, choices))
    [(entity, indicator)] = data.own
    rows = data.find_rows(entity, indicator)
    figures = dict(zip(rows["date"].dt.strftime("%Y-%m-%d"), rows["value"], strict=True))
    return figures, data.find_entry(indicator).unit, "\n".join(data.understood), rows


def refuse(folder, name, content, **choices):
    with pytest.raises(indicators.DataError) as caught:
        read(folder, name, content, **choices)
    return str(caught.value)


def make_book(rows, formats=()):
    """An Excel workbook of these rows; `formats` are the number formats of its columns below the header."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for column, code in enumerate(formats, 1):
        for cell in list(book.active.iter_rows(min_row=2, min_col=column, max_col=column)):
            cell[0].number_format = code
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


MONTHS = [datetime(2024, month, 1) for month in range(1, 7)]  # noqa: DTZ001  as a workbook has them
MONTH_ENDS = ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"]


def near(figures):
    return pytest.approx(figures, rel=1e-12)


# 1. Scales


def test_scales_are_brought_to_units(tmp_path):
    text = 'Year,Monthly active users (thousands)\n2021,"1,500"\n2022,"36,200"\n2023,"1,690,000"\n'
    figures, unit, said, _ = read(tmp_path, "app.csv", text)
    assert figures == near({"2021-12-31": 1.5e6, "2022-12-31": 36.2e6, "2023-12-31": 1.69e9})
    assert unit == "unit not stated"
    assert "thousand" in said
    text = "date,value,unit\n2021-12-31,602,million people\n2022-12-31,1690,million people\n"
    figures, unit, *_ = read(tmp_path, "column.csv", text)
    assert figures == near({"2021-12-31": 602e6, "2022-12-31": 1.69e9})
    assert unit == "people"
    text = "Year,Cars (in millions)\n2021,0.9\n2022,1.5\n2023,2.6\n"
    figures, unit, *_ = read(tmp_path, "cars.csv", text)
    assert figures == near({"2021-12-31": 0.9e6, "2022-12-31": 1.5e6, "2023-12-31": 2.6e6})
    assert unit == "unit not stated"
    text = "Year,Subscribers\n2021,1.2\n2022,1.5\n2023,2.6\n"
    figures, unit, *_ = read(tmp_path, "option.csv", text, unit="billion subscribers")
    assert figures == near({"2021-12-31": 1.2e9, "2022-12-31": 1.5e9, "2023-12-31": 2.6e9})
    assert unit == "subscribers"
    text = "时间,网民规模(万人)\n2022年12月,106744\n2023年6月,107900\n2023年12月,109225\n"
    figures, unit, *_ = read(tmp_path, "cnnic.csv", text)
    assert figures == near({"2022-12-31": 1067.44e6, "2023-06-30": 1079e6, "2023-12-31": 1092.25e6})
    assert unit == "people"
    text = "时间,用户规模(亿人)\n2023年第四季度,2.3\n2024年第一季度,2.49\n2024年第二季度,5.15\n"
    figures, unit, *_ = read(tmp_path, "quarters.csv", text)
    assert figures == near({"2023-12-31": 230e6, "2024-03-31": 249e6, "2024-06-30": 515e6})
    assert unit == "people"


# 2. Months


def test_months_that_excel_shows_are_dated_at_their_end(tmp_path):
    rows = [["Month", "Users"], *([day, 100 + 10 * at] for at, day in enumerate(MONTHS))]
    expected = {day: 100 + 10 * at for at, day in enumerate(MONTH_ENDS)}
    figures, _, said, _ = read(tmp_path, "months.xlsx", make_book(rows, ["mmm-yy"]))
    assert figures == expected
    assert "--dates as-printed" in said
    figures, _, said, _ = read(tmp_path, "days.xlsx", make_book(rows, ["yyyy-mm-dd"]))
    assert figures == expected
    assert "--dates as-printed" in said
    figures, *_ = read(tmp_path, "days.xlsx", make_book(rows, ["yyyy-mm-dd"]), dates="as-printed")
    assert list(figures) == [f"{day:%Y-%m-%d}" for day in MONTHS]
    figures, _, said, _ = read(
        tmp_path, "fred.csv", "observation_date,value\n2023-01-01,4\n2023-04-01,6\n2023-07-01,9\n"
    )
    assert list(figures) == ["2023-03-31", "2023-06-30", "2023-09-30"]
    assert "--dates as-printed" in said
    figures, *_ = read(tmp_path, "years.csv", "Date,Users\n2021-01-01,4\n2022-01-01,6\n2023-01-01,9\n")
    assert list(figures) == ["2021-12-31", "2022-12-31", "2023-12-31"]
    figures, *_ = read(tmp_path, "survey.csv", "Date,Users\n2021-03-17,4\n2022-01-01,6\n2023-01-01,9\n")
    assert list(figures) == ["2021-03-17", "2022-01-01", "2023-01-01"]
    figures, *_ = read(tmp_path, "names.csv", "Month,Users\nJan 2024,4\nFeb 2024,6\nMar 2024,9\n")
    assert list(figures) == MONTH_ENDS[:3]
    figures, *_ = read(tmp_path, "short.csv", "Month,Users\nJan-24,4\nFeb-24,6\nMar-24,9\n")
    assert list(figures) == MONTH_ENDS[:3]


# 3. Percent cells


def test_cells_that_excel_shows_as_percentages_are_percentages(tmp_path):
    rows = [["Year", "Adults who use it"], [2021, 0.021], [2022, 0.054], [2023, 0.2], [2024, 0.415]]
    figures, unit, *_ = read(tmp_path, "cells.xlsx", make_book(rows, ["0", "0.0%"]))
    expected = {"2021-12-31": 2.1, "2022-12-31": 5.4, "2023-12-31": 20, "2024-12-31": 41.5}
    assert figures == near(expected)
    assert unit == "percent"
    figures, unit, *_ = read(tmp_path, "cells.xlsx", make_book(rows, ["0", "0.0%"]), unit="percent")
    assert figures == near(expected)
    assert unit == "percent"
    figures, unit, *_ = read(tmp_path, "cells.xlsx", make_book(rows, ["0", "0%"]), unit="% of adults")
    assert figures == near(expected)
    assert unit == "percent of adults"
    message = refuse(tmp_path, "plain.xlsx", make_book(rows, ["0", "0.000"]))
    assert "--unit fraction" in message
    assert "--unit percent" in message
    figures, unit, *_ = read(tmp_path, "signs.csv", "Year,Adoption\n2021,2.1%\n2022,5.4%\n2023,20.0%\n2024,41.5%\n")
    assert figures == near(expected)
    assert unit == "percent"


# 4. Totals


def test_totals_are_left_out_and_said(tmp_path):
    text = "Year,Units sold\n2021,120\n2022,340\n2023,810\nTotal,1270\n"
    figures, _, said, _ = read(tmp_path, "row.csv", text)
    assert figures == {"2021-12-31": 120, "2022-12-31": 340, "2023-12-31": 810}
    assert "Total" in said
    text = "Year,Germany,France,Total\n2021,12,8,20\n2022,30,14,44\n2023,51,29,80\n"
    message = refuse(tmp_path, "column.csv", text)
    assert "--value" in message
    assert "--wide" in message
    figures, *_ = read(tmp_path, "column.csv", text, entity="Total")
    assert figures == {"2021-12-31": 20, "2022-12-31": 44, "2023-12-31": 80}
    path = tmp_path / "column.csv"
    data = indicators.load(Source(path, {"wide": "entity"}))
    assert [entity for entity, _ in data.own] == ["France", "Germany"]
    assert any("Total" in line and "--entity Total" in line for line in data.understood)
    text = "Year,Users,Total\n2021,12,12\n2022,18,30\n2023,21,51\n"
    figures, *_ = read(tmp_path, "running.csv", text)
    assert figures == {"2021-12-31": 12, "2022-12-31": 18, "2023-12-31": 21}


# 5. Fiscal years


def test_fiscal_years_end_where_the_option_says(tmp_path):
    text = "Fiscal year,Subscribers\nFY2016/17,310\nFY2017/18,420\nFY2018/19,610\nFY2019/20,930\n"
    assert "--year-ends 03-31" in refuse(tmp_path, "fiscal.csv", text)
    figures, *_ = read(tmp_path, "fiscal.csv", text, year_ends="03-31")
    assert figures == {"2017-03-31": 310, "2018-03-31": 420, "2019-03-31": 610, "2020-03-31": 930}
    figures, *_ = read(tmp_path, "fiscal.csv", text.replace("FY", ""), year_ends="06-30")
    assert list(figures) == ["2017-06-30", "2018-06-30", "2019-06-30", "2020-06-30"]
    text = "Year,Subscribers\nFY17,310\nFY18,420\nFY19,610\n"
    assert "--year-ends" in refuse(tmp_path, "short.csv", text)
    figures, *_ = read(tmp_path, "short.csv", text, year_ends="03-31")
    assert list(figures) == ["2017-03-31", "2018-03-31", "2019-03-31"]
    text = "Year,Subscribers\n2016-17,310\n2017-18,420\n2018-19,610\n"
    assert "--year-ends" in refuse(tmp_path, "dash.csv", text)
    figures, *_ = read(tmp_path, "dash.csv", text, year_ends="03-31")
    assert list(figures) == ["2017-03-31", "2018-03-31", "2019-03-31"]


# 6. Shares


def test_shares_without_a_unit_are_asked_for(tmp_path):
    heading = "Share of the population using the Internet"
    text = f"Year,{heading}\n2000,6.7\n2010,28.8\n2020,59.6\n"
    message = refuse(tmp_path, "share.csv", text)
    assert "--unit percent" in message
    assert "--unit units" in message
    figures, unit, *_ = read(tmp_path, "share.csv", text, unit="percent")
    assert figures == {"2000-12-31": 6.7, "2010-12-31": 28.8, "2020-12-31": 59.6}
    assert unit == "percent"
    for name in ("Adoption rate", "Penetration", "Percentage using it"):
        assert "--unit percent" in refuse(tmp_path, "rate.csv", text.replace(heading, name)), name
    figures, unit, *_ = read(tmp_path, "rate.csv", text.replace(heading, "Penetration (%)"))
    assert list(figures.values()) == [6.7, 28.8, 59.6]
    assert unit == "percent"
    message = refuse(tmp_path, "fraction.csv", "Year,Users\n2000,0.067\n2010,0.288\n2020,0.596\n")
    assert "--unit fraction" in message
    assert "--unit units" in message
    figures, unit, *_ = read(
        tmp_path, "fraction.csv", "Year,Users\n2000,0.067\n2010,0.288\n2020,0.596\n", unit="fraction"
    )
    assert figures == near({"2000-12-31": 6.7, "2010-12-31": 28.8, "2020-12-31": 59.6})
    assert unit == "percent"


# 7. Brackets


def test_brackets_are_a_unit_only_if_they_hold_one(tmp_path):
    for heading in ("Downloads (iOS)", "Users (estimated)", "chatgpt: (Worldwide)", "Visits (Q4, revised)"):
        figures, unit, said, _ = read(tmp_path, "brackets.csv", f'Year,"{heading}"\n2021,120\n2022,340\n2023,810\n')
        assert (list(figures.values()), unit) == ([120, 340, 810], "unit not stated"), heading
        assert "unit is" not in said, heading
    text = "Year,Installed base (households)\n2021,120\n2022,340\n2023,810\n"
    assert read(tmp_path, "brackets.csv", text)[1] == "households"
    figures, unit, *_ = read(tmp_path, "both.csv", "Year,Online (million people)\n2021,1.5\n2022,3.5\n2023,8\n")
    assert list(figures.values()) == near([1.5e6, 3.5e6, 8e6])
    assert unit == "people"
    figures, unit, *_ = read(tmp_path, "of.csv", "Year,Use (% of adults)\n2021,1.5\n2022,3.5\n2023,8\n")
    assert list(figures.values()) == [1.5, 3.5, 8]
    assert unit == "percent of adults"


# 8. Gaps


def test_gaps_are_no_figures(tmp_path):
    text = "Month,Users\n2024-01,10\n2024-02,\n2024-03,..\n2024-04,n/a\n2024-05,18\n2024-08,31\n,\n"
    figures, _, said, _ = read(tmp_path, "gaps.csv", text)
    assert figures == {"2024-01-31": 10, "2024-05-31": 18, "2024-08-31": 31}
    assert "left out" in said
    days = [MONTHS[at] for at in (0, 1, 3, 5)]
    rows = [["Users of the app", None], [None, None], ["Month", "Users"], *([day, 10] for day in days)]
    rows[-2][1], rows[-1][1] = None, 30
    figures, *_ = read(tmp_path, "gaps.xlsx", make_book(rows))
    assert figures == {"2024-01-31": 10, "2024-02-29": 10, "2024-06-30": 30}
    text = "Category: All categories\n\nMonth,chatgpt: (Worldwide)\n2022-11,<1\n2022-12,9\n2023-01,18\n2023-02,36\n2023-03,100\n"
    figures, unit, said, rows = read(tmp_path, "trends.csv", text)
    assert figures == {"2022-11-30": 1, "2022-12-31": 9, "2023-01-31": 18, "2023-02-28": 36, "2023-03-31": 100}
    assert list(rows["bound"]) == ["at_most", *["exact"] * 4]
    assert "below 1" in said
    assert unit == "index"


# 9. Falls


def test_a_series_that_only_falls_is_read(tmp_path):
    text = "Year,Landlines (millions)\n2019,36.2\n2020,33.1\n2021,29.9\n2022,27.0\n"
    figures, unit, *_ = read(tmp_path, "landlines.csv", text)
    assert list(figures.values()) == near([36.2e6, 33.1e6, 29.9e6, 27e6])
    assert unit == "unit not stated"
    text = "Quarter,DVD rentals\nQ1 2023,410\nQ2 2023,380\nQ3 2023,310\nQ4 2023,290\n"
    figures, *_ = read(tmp_path, "rentals.csv", text)
    assert figures == {"2023-03-31": 410, "2023-06-30": 380, "2023-09-30": 310, "2023-12-31": 290}
    message = refuse(tmp_path, "sold.csv", "Year,value\n2019,36\n2020,33\n2021,40\n", cumulative="yes")
    assert "row 3" in message
    assert "leave cumulative out" in message


# 10. Wide


def test_a_column_a_year_is_read(tmp_path):
    rows = "Country,2020,2021,2022\nGermany,70.1,80.2,88.3\nFrance,65,71.5,80\nTotal,135.1,151.7,168.3\n"
    path = tmp_path / "wide.csv"
    path.write_text(rows)
    data = indicators.load(Source(path, {"unit": "% of adults"}))
    assert sorted(entity for entity, _ in data.own) == ["France", "Germany"]
    assert any("Total" in line for line in data.understood)
    [series] = [data.exact_values(*key) for key in data.own if key[0] == "Germany"]
    assert {f"{day:%Y-%m-%d}": value for day, value in series.items()} == {
        "2020-12-31": 70.1,
        "2021-12-31": 80.2,
        "2022-12-31": 88.3,
    }
    text = '"Country Name","Country Code","Indicator Name","2020","2021","2022"\n"China","CHN","Mobile subscriptions",1718,1733,1781\n'
    figures, *_ = read(tmp_path, "bank.csv", text)
    assert figures == {"2020-12-31": 1718, "2021-12-31": 1733, "2022-12-31": 1781}
    book = make_book([["Users (thousands)", 2020, 2021, 2022], ["China", 150, 240, 610]])
    figures, *_ = read(tmp_path, "wide.xlsx", book)
    assert figures == near({"2020-12-31": 150e3, "2021-12-31": 240e3, "2022-12-31": 610e3})
    groups = ",2021,2021,2022,2022\nCountry,Men,Women,Men,Women\nChina,10,12,20,24\n"
    message = refuse(tmp_path, "groups.csv", groups)
    assert "row 1" in message
    assert "row 2" in message
    assert "keep" in message


def test_the_frame_in_memory_is_as_on_paper(tmp_path):
    """A workbook that pandas wrote reads as the CSV that pandas wrote."""
    table = pd.DataFrame({"date": pd.to_datetime(["2021-12-31", "2022-12-31"]), "value": [1.5, 2.5]})
    book = io.BytesIO()
    table.to_excel(book, index=False)
    found, *_ = read(tmp_path, "table.xlsx", book.getvalue())
    assert found == read(tmp_path, "table.csv", table.to_csv(index=False))[0] == {"2021-12-31": 1.5, "2022-12-31": 2.5}
