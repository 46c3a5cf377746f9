"""The names of units, by what they measure and by their size in its base unit. `_` stands for a blank."""

from collections.abc import Mapping

POWERS: Mapping[str, int] = {"length": 1, "area": 2, "volume": 3}
"""Measures that are powers of a length: a litre is a cubic measure."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "length": {
        "1/1000000000": "nm nanometer nanometre 纳米",
        "1/1000000": "µm μm um micrometer micrometre micron 微米",
        "1/1000": "mm millimeter millimetre millimètre milímetro 毫米",
        "1/100": "cm centimeter centimetre zentimeter centimètre centímetro 厘米 公分 センチ",
        "1/10": "dm decimeter decimetre dezimeter décimètre decímetro 分米",
        "1": "m meter metre mètre metro 米 公尺 メートル",
        "1000": "km kilometer kilometre kilomètre kilómetro kms 千米 公里 キロメートル",
        "500": "里",
        "254/10000": "in inch inches zoll pouce pulgada 英寸",
        "3048/10000": "ft foot feet fuß pied 英尺",
        "9144/10000": "yd yds yard 码",
        "1609344/1000": "mi mile meile meilen milla 英里",
        "1852": "nautical_mile nmi 海里",
        "9460730472580800": "light_year light-year 光年",
    },
    "area": {
        "40468564224/10000000": "acre 英亩",
        "10000": "ha hectare hektar hectárea 公顷",
        "2000/3": "亩",
    },
    "volume": {
        "1/1000000": "ml mL milliliter millilitre mililitro 毫升 cc",
        "1/100000": "cl cL centiliter centilitre",
        "1/10000": "dl dL deciliter decilitre",
        "1/1000": "l L liter litre litro 升 公升 リットル",
        "3785411784/1000000000000": "gal gallon 加仑",
        "946352946/1000000000000": "qt quart",
        "473176473/1000000000000": "pt pint",
        "2365882365/10000000000000": "cup",
        "295735295625/10000000000000000": "fl_oz fluid_ounce floz",
        "1478676478125/100000000000000000": "tablespoon tbsp",
        "492892159375/100000000000000000": "teaspoon tsp",
    },
    "mass": {
        "1/1000000": "µg μg microgram 微克",
        "1/1000": "mg milligram milligramm milligramme miligramo 毫克",
        "1": "g gm gram gramm gramme gramo 克",
        "500": "斤",
        "50": "两",
        "1000": "kg kgs kilo kilogram kilogramm kilogramme kilogramo 千克 公斤",
        "1000000": "t tonne metric_ton 吨",
        "45359237/100000": "lb lbs 磅",
        "45359237/1600000": "oz ounce 盎司",
        "635029318/100000": "stone",
        "45359237/50": "short_ton",
    },
    "time": {
        "1/1000": "ms millisecond millisekunde milliseconde milisegundo 毫秒",
        "1": "s sec secs second sekunde sekunden seconde segundo 秒 秒钟",
        "60": "min mins minute minuten minuto 分钟 分鐘",
        "3600": "h hr hrs hour stunde stunden heure hora 小时 小時 个小时 個小時 時間",
        "86400": "day tage tagen jour día dia 天 日",
        "604800": "week wk wks woche wochen semaine semana 周 星期 个星期 個星期",
    },
    "calendar": {
        "1": "month monat monate monaten mois mes meses 个月 個月 ヶ月",
        "12": "year yr yrs jahr jahre jahren ans année año 年",
        "120": "decade",
        "1200": "century centuries",
    },
    "money:usd": {
        "1": "$ dollar usd us$ buck 美元 美金",
        "1/100": "cent ¢ penny pennies 美分",
    },
    "money:eur": {"1": "€ euro eur 欧元", "1/100": "eurocent euro_cent"},
    "money:gbp": {"1": "£ gbp pound_sterling pounds_sterling 英镑 quid", "1/100": "pence"},
    "money:yuan": {"1": "rmb cny yuan 元 块 塊 块钱 塊錢 元钱 人民币 圆", "1/10": "角 毛", "1/100": "分钱"},
    "money:yen": {"1": "yen jpy 円 日元"},
    "money:rupee": {"1": "₹ rs rs. inr rupee 卢比", "1/100": "paise paisa"},
    "money:krw": {"1": "₩ won krw 韩元"},
    "money:peso": {"1": "peso mxn"},
    "money:rub": {"1": "ruble rouble rub ₽ 卢布"},
    "money:chf": {"1": "chf franc franken"},
    "money:cad": {"1": "cad c$ ca$"},
    "money:aud": {"1": "aud a$ au$"},
    "money:hkd": {"1": "hkd hk$ 港元"},
    "money:twd": {"1": "nt$ twd 台币"},
    "angle": {"1": "° degree deg grad grado degré", "1/60": "arcminute"},
    "temperature": {"1": "K kelvin"},
    "speed:knot": {"1": "knot kt"},
    "force": {"1": "N newton 牛 牛顿", "1000": "kn kilonewton"},
    "energy": {
        "1": "J joule 焦耳 焦", "1000": "kj kilojoule 千焦", "1000000": "mj megajoule",
        "3600": "wh watt-hour", "3600000": "kwh kw·h kilowatt-hour kilowatt_hour 千瓦时",
        "4184/1000": "cal", "4184": "kcal kilocalorie 千卡 大卡",
    },
    "calorie": {"1": "calorie 卡路里"},
    "power": {"1": "W watt 瓦 瓦特", "1000": "kw kilowatt 千瓦", "1000000": "megawatt 兆瓦"},
    "pressure": {"1": "pa pascal 帕", "1000": "kpa kilopascal 千帕", "101325": "atm atmosphere"},
    "frequency": {"1": "hz hertz 赫兹 赫", "1000": "khz kilohertz", "1000000": "mhz megahertz", "1000000000": "ghz"},
    "voltage": {"1": "V volt 伏 伏特", "1000": "kv kilovolt"},
    "current": {"1": "amp ampere 安 安培", "1/1000": "ma milliamp milliampere"},
    "resistance": {"1": "ω ohm 欧姆 欧"},
    "amount": {"1": "mol mole 摩尔"},
    "data": {"1": "byte 字节"},
    "bits": {"1": "bit"},
    "binary": {"1": "kb kilobyte", "1000": "mb megabyte", "1000000": "gb gigabyte", "1000000000": "tb terabyte"},
}  # fmt: skip

COMPOUNDS: Mapping[str, tuple[str, str]] = {
    "mph": ("mile", "hour"),
    "kph": ("km", "hour"),
    "kmh": ("km", "hour"),
    "km/h": ("km", "hour"),
    "mps": ("m", "s"),
    "stundenkilometer": ("km", "hour"),
}
"""Names of rates."""

AMBIGUOUS: Mapping[str, tuple[str, ...]] = {
    "pound": ("lb", "gbp"),
    "ounce": ("oz", "fl_oz"),
    "oz": ("oz", "fl_oz"),
    "cent": ("cent", "eurocent"),
    "penny": ("cent", "pence"),
    "¥": ("yuan", "yen"),
    "¢": ("cent", "eurocent"),
    "ton": ("tonne", "short_ton"),
    "°": ("°", "celsius", "fahrenheit"),
    "degree": ("°", "celsius", "fahrenheit"),
    "度": ("°", "celsius"),
}
"""Names with several meanings."""

TEMPERATURES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("celsius", "°c", "centigrade", "摄氏度"), ("1", "273.15")),
    **dict.fromkeys(("fahrenheit", "°f", "华氏度"), ("5/9", "459.67")),
}
"""Scales that begin elsewhere than at zero: the size of a degree in kelvin, and what is added before."""

SQUARE = frozenset({"square", "sq", "sq.", "quadrat"})
CUBIC = frozenset({"cubic", "cu", "cu.", "kubik"})
SQUARED = frozenset({"squared", "carré", "carrés", "cuadrado", "cuadrados"})
CUBED = frozenset({"cubed", "cube", "cubes", "cúbico", "cúbicos"})

CASED = frozenset({"MB", "GB", "KB", "kB", "TB", "kW", "kWh", "kJ", "MJ", "kN", "kPa", "kHz", "MHz", "GHz", "mA", "kV"})
"""Symbols that are read in this spelling alone; so are those of one letter."""

SINGLE = frozenset("mglLshtKNJWV°$€£¥₹₩₽¢")
"""Names of one character that are units."""
