"""Published results for everyone: made from the frozen report alone, so that page, files and feeds cannot disagree."""

from __future__ import annotations

import csv
from io import StringIO

from flask import Blueprint, Response, jsonify, render_template

from lms.kit.access import public
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter
from lms.kit.unit import reading, settings
from lms.reports import queries
from lms.reports.feeds import public_csv_rows, public_json
from lms.reports.queries import Publication
from lms.reports.reading import quarter_of
from lms.reports.rules import SMALLEST_PUBLIC_NUMBER

blueprint = Blueprint("public", __name__, url_prefix="/public", template_folder="templates")


@blueprint.get("/<quarter>/")
@public
def results(quarter: str) -> str:
    period, publication = _publication(quarter)
    return render_template("reports/public.html", quarter=period, publication=publication, smallest=SMALLEST_PUBLIC_NUMBER)


@blueprint.get("/<quarter>.json")
@blueprint.get("/<quarter>/.json")
@public
def results_json(quarter: str) -> Response:
    _period, publication = _publication(quarter)
    return jsonify(public_json(publication, settings().zone))


@blueprint.get("/<quarter>.csv")
@blueprint.get("/<quarter>/.csv")
@public
def results_csv(quarter: str) -> Response:
    period, publication = _publication(quarter)
    text = StringIO()
    csv.writer(text).writerows(public_csv_rows(publication))
    # The mark at the start makes old Excel read UTF-8.
    response = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"ket-qua-{period}.csv")
    return response


@blueprint.get("/<quarter>/<code>")
@public
def agency(quarter: str, code: str) -> str:
    period, publication = _publication(quarter)
    found = next((line for line in publication.agencies if line.code == code), None)
    if found is None:
        raise NotFound
    return render_template("reports/public_agency.html", quarter=period, publication=publication, agency=found)


def _publication(quarter: str) -> tuple[Quarter, Publication]:
    period = quarter_of(quarter)
    with reading() as session:
        publication = queries.publication(session, period.code)
    if publication is None:
        raise NotFound
    return period, publication
