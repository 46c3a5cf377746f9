"""Mask names and numbers of a text in Chinese or Japanese, by the letters around them."""

import re

_NUMERALS = "零〇一二三四五六七八九十百千万亿两几半"
_NUMBER = re.compile(
    rf"\d+(?:[.,:/]\d+)*[百千万亿]*|(?:[零〇一二三四五六七八九十两半]|[百千万亿](?=[{_NUMERALS}]))[{_NUMERALS}]*"
    rf"(?:分之[{_NUMERALS}]+)?"
)
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜"
    "戴夏钟汪田任姜范方石姚谭廖邹熊陆郝孔崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚"
)
_TITLES = "老师|先生|女士|小姐|叔叔|阿姨|师傅|大爷|大妈|奶奶|爷爷|伯伯|同学|医生|经理|教授|校长|老板|太太|警官|博士"
_ACTS = "有买卖给和跟与把吃用比从想要看读做写拿去到在每又还先共的说爱骑走跑家养种今昨身也已花付得送借存带收画"
_COMMON = "时学数组于朋狗猫鸡鸭鸟麦船车刀孩伙型区费说心路米吃块店镇河溪屋树羊马牛兔猪鹿熊象鱼虫球旗山桥班队"
_BEGINS = r"(?:(?<=^)|(?<=[\s。？！，；：、“（,.?!:;(和与跟给比]))"
_NAMES = (
    re.compile(rf"[小阿][^\W\d_{_COMMON}\u3040-\u30ff](?:(?=[{_ACTS}，、。？！])|(?={_TITLES}))"),
    re.compile(rf"(?:[{_SURNAMES}小老大][^\W\d_]{{0,2}}?)(?:{_TITLES})"),
    re.compile(rf"{_BEGINS}[{_SURNAMES}][^\W\d_{_ACTS}]{{1,2}}?(?=[{_ACTS}])"),
    re.compile(r"[^\W\d_\u3041-\u3096]{1,4}(?=さん|くん|ちゃん|君は|君が|君の)"),
)


def mask_unspaced(text: str, name: str, number: str) -> str:
    """Mask the names and numbers of a text without blanks between words.

    A name that is found in one place is masked in all. What is found: a personal name of `小` or `阿` and a letter, a
    surname before a title, a surname with one or two letters at the beginning of a clause before what people do, and in
    Japanese what stands before `さん` and the like.

    Args:
        text: the text.
        name: stands for a name.
        number: stands for a number.
    """
    names = {found for pattern in _NAMES for found in pattern.findall(text)}
    if names:
        either = "|".join(re.escape(each) for each in sorted(names, key=lambda each: (-len(each), each)))
        text = re.sub(rf"(?:{either})+", name, text)
    return _NUMBER.sub(number, text)
