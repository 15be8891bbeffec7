"""What columns are usually called, in Chinese and English exports, and which field of a record that is.

A *target* is a field path without list positions: ``names.family``, ``identifiers:resident_id`` (the type after the colon),
``addresses.road``. ``birth_date:year`` and its like are parts that the proposal joins.
"""

from __future__ import annotations

import re
import unicodedata

_SPELLINGS = {
    "source": (
        "source hospital hospitalcode hospitalid orgcode organisation organization facility system 机构代码 "
        "医院代码 医疗机构代码 医疗机构 医院 医院名称 机构名称 来源"
    ),
    "local_id": (
        "localid recid recordid id uniqueid patientid patientno patientnumber pid mrn medicalrecordnumber "
        "hospitalnumber chartno 病案号 患者编号 患者id 病人id 病人编号 门诊号 住院号 就诊卡号 登记号 病历号 "
        "编号 主索引号 本地编号"
    ),
    "names.text": "name nametext fullname patientname displayname 姓名 患者姓名 病人姓名 名称 中文姓名 全名",
    "names.family": "surname lastname familyname family lname lnamec1 last sname nazwisko 姓 姓氏",
    "names.given": "givenname firstname forename forenames given fname fnamec1 first gname imie 名 名字",
    "names.family:maiden": "maidenname maiden birthname 婚前姓 娘家姓",
    "names.text:old": "oldname formername previousname alias 曾用名 原名 别名",
    "names.text:unspecified": "pinyin namepinyin 姓名拼音 拼音 英文名 英文姓名",
    "sex": "sex gender sexcode gendercode genderatbirth administrativesex plec 性别 性别代码",
    "birth_date": (
        "dateofbirth birthdate dob birthday datebirth born birthdt dataur dataurodzenia 出生日期 出生年月 出生年月日 生日"
    ),
    "birth_date:year": "birthyear yearofbirth by yob 出生年",
    "birth_date:month": "birthmonth monthofbirth bm mob 出生月",
    "birth_date:day": "birthdayofmonth dayofbirth bd 出生日",
    "birth_date:bare_year": "year yyyy",
    "birth_date:bare_month": "month mm",
    "birth_date:bare_day": "day dd",
    "identifiers:resident_id": (
        "residentid idcard idcardno idno idnumber identitycard sfzh zjhm 身份证号 身份证号码 身份证 "
        "居民身份证 居民身份证号 公民身份号码 证件号 证件号码"
    ),
    "identifiers:passport": "passport passportno passportnumber 护照 护照号 护照号码",
    "identifiers:hk_macao_permit": "hkmacaopermit 港澳通行证 港澳居民来往内地通行证 回乡证",
    "identifiers:taiwan_permit": "taiwanpermit 台胞证 台湾居民来往大陆通行证",
    "identifiers:medical_insurance": (
        "medicalinsurance medicalinsuranceno insuranceno insurancenumber 医保号 医保卡号 社保号 社保卡号 医疗保险号 参保号"
    ),
    "identifiers:health_card": "healthcard healthcardno 健康卡号 健康卡 电子健康卡 居民健康卡号",
    "identifiers:national_other": "socsecid ssn socialsecuritynumber nationalid nationalnumber nhsnumber pesel",
    "phones": (
        "phone phone1 phone2 phonenumber telephone tel tel1 tel2 mobile mobilephone cell cellphone "
        "contactphone homephone 电话 电话号码 手机 手机号 手机号码 联系电话 本人电话 家庭电话 移动电话"
    ),
    "addresses.text": (
        "address fulladdress streetaddress homeaddress addr 住址 地址 现住址 家庭住址 联系地址 居住地址 "
        "户籍地址 户口地址 常住地址 详细地址"
    ),
    "addresses.division": "divisioncode areacode 行政区划 行政区划代码 区划代码 地区编码",
    "addresses.region": "state province region st 省 省份 省市",
    "addresses.city": "city town gmina miasto 市 城市 地市",
    "addresses.locality": "suburb locality district county township 区 区县 县 县区 街道 乡镇",
    "addresses.road": "address1 addressline1 street streetname road addr1 路 道路 街 路名",
    "addresses.house_number": "streetnumber housenumber streetno houseno 门牌 门牌号",
    "addresses.community": "address2 addressline2 addr2 community estate 小区 社区 村",
    "addresses.building": "building block 楼 楼栋 栋 楼号",
    "addresses.room": "room unit flat apartment 室 房号 房间号",
    "addresses.postcode": "postcode postalcode zip zipcode pc 邮编 邮政编码",
    "addresses.country": "country countrycode kraj 国家 国籍",
    "ethnicity": "ethnicity ethnicgroup nation nationality 民族 民族代码",
    "guardian.name": (
        "guardian guardianname parentname mothername fathername contactname 监护人 监护人姓名 联系人 联系人姓名 母亲姓名"
    ),
    "guardian.phone": "guardianphone parentphone 监护人电话 联系人电话",
    "guardian.relationship": "relationship guardianrelationship 与患者关系 联系人关系 监护人关系 关系",
    "guardian.identifier": "guardianid motherid fatherid 监护人身份证 监护人身份证号 母亲身份证号",
    "multiple_birth_order": "birthorder multiplebirthorder multiplebirth 胎次 多胞胎序号",
    "deceased_date": "deathdate dateofdeath deceaseddate dod 死亡日期 死亡时间",
    "recorded_at": (
        "recordedat updatedat createdat lastupdated registrationdate registeredat 登记时间 登记日期 建档时间 "
        "建档日期 更新时间 修改时间 创建时间 就诊时间"
    ),
    "attributes.email": "email mail emailaddress 邮箱 电子邮箱 电子邮件",
    "attributes.middle_name": "middlename middlenames middle mname middleinitial secondname fnamec2 imie2",
    "attributes.second_family": "secondsurname lastname2 lnamec2",
    "attributes.suffix": "suffix namesuffix generation",
    "attributes.race": "race raceethnicity 种族",
    "attributes.birth_place": "birthplace placeofbirth cityofbirth 出生地 籍贯",
    "attributes.occupation": "occupation job profession 职业",
    "attributes.religion": "religion 宗教",
    "attributes.blood_group": "bloodgroup bloodtype 血型",
}

TARGETS: dict[str, str] = {word: target for target, words in _SPELLINGS.items() for word in words.split()}


def normal_header(name: str) -> str:
    """``Date_of Birth`` and ``date-of-birth`` → ``dateofbirth``; full-width letters become plain ones."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def target_of(name: str) -> str:
    """The field a header names, "" where it is not known."""
    return TARGETS.get(normal_header(name), "")
