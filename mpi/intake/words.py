"""The words a file or a map may use for sex, kinds of identifier and uses of a name.

Digits for sex are those of GB/T 2261.1 and ISO/IEC 5218, which agree: 0 unknown, 1 male, 2 female, 9 not stated. A file that
uses digits in another sense needs a ``values`` table in its map.
"""

from __future__ import annotations

from mpi.records import IdentifierType, NameUse, Sex

SEXES: dict[str, Sex] = {
    "male": Sex.MALE,
    "female": Sex.FEMALE,
    "other": Sex.OTHER,
    "unknown": Sex.UNKNOWN,
    "m": Sex.MALE,
    "f": Sex.FEMALE,
    "u": Sex.UNKNOWN,
    "man": Sex.MALE,
    "woman": Sex.FEMALE,
    "男": Sex.MALE,
    "女": Sex.FEMALE,
    "男性": Sex.MALE,
    "女性": Sex.FEMALE,
    "未知": Sex.UNKNOWN,
    "不详": Sex.UNKNOWN,
    "未说明": Sex.UNKNOWN,
    "未知的性别": Sex.UNKNOWN,
    "未说明的性别": Sex.UNKNOWN,
    "其他": Sex.OTHER,
    "0": Sex.UNKNOWN,
    "1": Sex.MALE,
    "2": Sex.FEMALE,
    "9": Sex.UNKNOWN,
}

IDENTIFIER_TYPES: dict[str, IdentifierType] = {kind.name.lower(): kind for kind in IdentifierType} | {
    "居民身份证": IdentifierType.RESIDENT_ID,
    "身份证": IdentifierType.RESIDENT_ID,
    "护照": IdentifierType.PASSPORT,
    "港澳居民来往内地通行证": IdentifierType.HK_MACAO_PERMIT,
    "台湾居民来往大陆通行证": IdentifierType.TAIWAN_PERMIT,
    "医保": IdentifierType.MEDICAL_INSURANCE,
    "健康卡": IdentifierType.HEALTH_CARD,
}

NAME_USES: dict[str, NameUse] = {use.name.lower(): use for use in NameUse}
