"""Names of people, companies and engagements; all invented, many not English."""

from __future__ import annotations

from random import Random

FIRM = "Hartwell Okonkwo Lindqvist LLP"

_FIRST = (
    "Adaeze Aisling Amara Andrés Anneke Åsa Beatriz Björn Camille Carlos Chiamaka Ciarán Claire Daniel "
    "Dimitri Elena Elif Emeka Eoin Fatima François Grace Hana Hélène Ingrid Isabel Jakub James Jürgen "
    "Kenji Laura Łukasz Magdalena Malik Margaret Mateo Mei Michael Naoki Niamh Olivia Oluwaseun Paweł "
    "Priya Rachel Rafael Robert Saoirse Siobhán Søren Susan Tomás Thérèse Victor Wei William Xiomara Yara "
    "Yusuf Zoë"
).split()
_LAST = (
    "Abernathy Adeyemi Almeida Andersson Bauer Becker Björklund Brannigan Calloway Carvalho Castañeda "
    "Chaudhry Chen Delacroix Dvořák Eriksen Fairbanks Ferreira Fitzgerald Fontaine García Goldberg "
    "Grünwald Haddad Harrington Holloway Ibrahim Ito Jankowski Johansson Kaczmarek Kavanagh Kim Kowalski "
    "Kovács Lefèvre Lindqvist Marchetti McAllister Mensah Müller Murphy Nakamura Nguyễn Novák Nwosu "
    "O’Brien O’Sullivan Okafor Okonkwo Park Pereira Petrović Quinn Reyes Rosenthal Sato Schäfer Sharma "
    "Silva Sørensen Sullivan Takahashi Thornton Ünal Vasquez Vestergaard Wallace Weiß Whitfield Yılmaz "
    "Zieliński"
).split()
_ROOT = (
    "Adriatic Alder Amberley Arcadia Ashford Atlas Beacon Blackwater Borealis Brightwell Calder Cascade "
    "Castellan Celtic Clearview Copperfield Corvid Crestline Delmar Dunmore Eastgate Elmwood Falkner "
    "Fjord Foxglove Galway Glenmore Granite Halcyon Harbour Helios Highfield Ironbridge Juniper Kestrel "
    "Kinsale Lakeshore Larkspur Liffey Meridian Montclair Nordlicht Northstar Oakhaven Orchard Pacifica "
    "Palisade Pinnacle Quayside Ravenna Redwood Riverside Sable Saxonia Shannon Sierra Silverton Solent "
    "Sterling Summit Tamarack Tideway Umbria Vanguard Verdant Vistula Westmark Whitehall Windermere "
    "Wolfram Yarrow Zephyr"
).split()
_TRADE = (
    "Aerospace",
    "Biosciences",
    "Capital",
    "Foods",
    "Freight",
    "Hotels",
    "Insurance",
    "Logistics",
    "Marine",
    "Medical",
    "Packaging",
    "Pharma",
    "Properties",
    "Renewables",
    "Retail",
    "Robotics",
    "Semiconductors",
    "Software",
    "Steel",
    "Textiles",
)
_FORM_USD = ("Inc.", "LLC", "Corp.", "LP", "Holdings Inc.", "K.K.", "S.A. de C.V.", "Ltd")
_FORM_EUR = ("Limited", "DAC", "plc", "GmbH", "S.A.", "B.V.", "AB", "ApS", "S.p.A.", "Sp. z o.o.")
_PUBLIC = (
    "County of {}",
    "{} School District",
    "{} Port Authority",
    "{} Community Trust",
    "{} Housing Association",
    "University of {}",
)

_SUBJECTS: dict[str, tuple[str, ...]] = {
    "litigation": (
        "supply agreement dispute",
        "product liability claim",
        "shareholder derivative action",
        "construction delay claim",
        "unpaid distributor commissions",
        "breach of non-compete",
        "trade secret misappropriation",
        "insurance coverage dispute",
        "antitrust inquiry",
    ),
    "injury": (
        "highway collision",
        "workplace injury",
        "medical negligence claim",
        "premises liability claim",
    ),
    "corporate": (
        "acquisition of target company",
        "Series C financing",
        "joint venture",
        "sale of logistics division",
        "group reorganisation",
        "refinancing of revolving facility",
        "minority investment",
    ),
    "property": (
        "office lease renewal",
        "warehouse purchase",
        "sale of development site",
        "hotel ground lease",
        "retail park letting",
    ),
    "advice": (
        "general corporate advice",
        "data protection programme",
        "employment handbook",
        "export control advice",
        "outside general counsel",
        "licensing of trade marks",
        "works council consultation",
    ),
    "insolvency": (
        "creditor claim in chapter 11",
        "restructuring of subsidiaries",
        "preference action defence",
        "examinership proposal",
    ),
    "personal": (
        "estate plan",
        "probate of estate",
        "residence permit",
        "separation agreement",
        "sale of family home",
    ),
}


def person(rng: Random) -> str:
    """First and last name."""
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def company(rng: Random, currency: str) -> str:
    """A company with the legal form of a country that pays in `currency`."""
    form = rng.choice(_FORM_EUR if currency == "EUR" else _FORM_USD)
    return f"{rng.choice(_ROOT)} {rng.choice(_TRADE)} {form}"


def public_body(rng: Random) -> str:
    """A public or charitable body."""
    return rng.choice(_PUBLIC).format(rng.choice(_ROOT))


def subject(rng: Random, practice: str) -> str:
    """What an engagement of a practice is about."""
    return rng.choice(_SUBJECTS[practice])


def mail(name: str, domain: str) -> str:
    """An address in the reserved domain `example`, in ASCII."""
    plain = name.lower().translate(_PLAIN).replace(" ", ".")
    kept = "".join(sign for sign in plain if sign.isascii() and (sign.isalnum() or sign == "."))
    return f"{kept}@{domain}.example"


_PLAIN = str.maketrans(
    "áàäâãåąćčçðéèëêęğíìïîıłñńňóòöôõøřśšşťúùüûůýźżžßễ",
    "aaaaaaacccdeeeeegiiiiilnnnoooooorssstuuuuuyzzzse",
)
