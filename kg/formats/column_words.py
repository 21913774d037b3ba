"""Names of columns and files in letters of ASCII: Chinese words for what shops and schools have, and no accents."""

import re
import unicodedata
import zlib

_WORDS = {
    "user": "用户 使用者",
    "member": "会员",
    "customer": "客户 顾客",
    "buyer": "买家",
    "student": "学员 学生",
    "product": "商品 产品 宝贝",
    "course": "课程",
    "movie": "电影 影片",
    "book": "图书 书籍",
    "order": "订单 下单",
    "purchase": "购买",
    "review": "评论 评价",
    "rating": "评分",
    "id": "编号 编码 代码 序号",
    "name": "名称 名字 姓名 昵称",
    "title": "标题",
    "brand": "品牌",
    "category": "类目 分类 类别 品类",
    "tag": "标签",
    "ingredients": "全成分 成分 成份 配料",
    "price": "价格 售价 单价",
    "quantity": "数量",
    "time": "时间 日期",
    "description": "描述 简介 详情",
    "stock": "库存",
    "city": "城市",
    "gender": "性别",
    "age": "年龄",
    "skin type": "肤质",
    "level": "难度 级别",
    "topic": "主题",
}
_ENGLISH = dict(
    sorted(((zh, en) for en, words in _WORDS.items() for zh in words.split()), key=lambda pair: -len(pair[0]))
)
_KNOWN = re.compile("|".join(_ENGLISH))


def in_ascii(name: str) -> str:
    """The name with known Chinese words in English, accents left out, and a short sign for all other letters, so that
    two names stay two: ``用户编号`` is ``user id``."""
    if name.isascii():
        return name
    told = _KNOWN.sub(lambda word: f" {_ENGLISH[word[0]]} ", unicodedata.normalize("NFKC", name))
    plain = "".join(c for c in unicodedata.normalize("NFKD", told) if not unicodedata.combining(c))
    return re.sub(r"[^\x00-\x7f]+", lambda rest: f" x{zlib.crc32(rest[0].encode()):08x} ", plain).strip()
