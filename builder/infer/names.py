"""Usual names of columns, by what they hold and how surely; in English, Chinese and some other languages."""

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum


class Certainty(IntEnum):
    """How surely a name says what its column holds; the lowest is the surest."""

    CLEAR = 0
    """The whole name is a usual one: `question`."""
    CLEAR_PART = 1
    """A part of it is: `question_text`, `question.stem`."""
    VAGUE = 2
    """The whole name is one that other columns have too: `text`."""
    VAGUE_PART = 3
    """A part of it is."""


CLEAR: Mapping[str, Sequence[str]] = {
    "question": (
        "question problem prompt instruction query pregunta enunciado frage énoncé domanda pergunta вопрос задача"
        " 题目 问题 题干 试题 原题 提问 题 题目内容 问题内容 题目描述 问题描述 应用题 题面 指令"
        " 題目 問題 題幹 試題 質問 設問 문제 질문"
    ).split(),
    "answer": (
        "answer gold target final_answer correct_answer ground_truth answerkey answer_key"
        " respuesta réponse antwort lösung risposta resposta ответ"
        " 答案 标准答案 正确答案 参考答案 最终答案 標準答案 正確答案 參考答案 正解 答え 정답 답"
    ).split(),
    "choices": (
        "choices options candidates alternatives endings answers opciones optionen 选项 選項 選択肢 선택지"
    ).split(),
    "responses": (
        "responses response completions completion outputs output generations generation reply 回答 回复 回覆 输出 輸出"
    ).split(),
    "context": (
        "context passage body story paragraph background premise situation scenario article document narrative setup"
        " input material theory kontext contexto contexte"
        " 材料 背景 上下文 文章 情境 原文 短文 阅读材料 已知 条件 输入 輸入 上文 本文 文脈"
    ).split(),
}
"""Names that hardly any other column has, the most likely first."""

VAGUE: Mapping[str, Sequence[str]] = {
    "question": (
        "q stem input text body task ask messages conversations conversation dialogue dialog chat 输入 輸入 对话 對話"
    ).split(),
    "answer": "label solution correct expected a reference output result key 解答 解 解析 结果 結果 输出 标签".split(),
}
"""Names that other columns have too, the most likely first."""

IDS = frozenset(
    "id ids qid uid uuid guid idx index nr no row line hash year date start end level 编号 序号 题号 番号 번호".split()
)
"""Names of columns with numbers that answer nothing."""

INSTRUCTIONS = frozenset({"instruction", "task", "prompt", "指令"})
"""Names of questions that stand before what they are about; others stand behind it."""


def split_name(name: str) -> list[str]:
    """Split a column's name into words, its last part first, and of each part the whole before its words.

    >>> split_name("Question.stem_text")
    ['stem_text', 'stem', 'text', 'question', 'question']
    """
    parts = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().split(".")
    return [word for part in reversed(parts) for word in [part, *re.split(r"[^\w]+|_", part)]]


def rank_name(name: str, role: str) -> tuple[Certainty, int] | None:
    """Rank a name for a role: how surely it names it, and its place in the list; None where it does not.

    >>> rank_name("question_text", "question")
    (<Certainty.CLEAR_PART: 1>, 0)
    """
    words = split_name(name)
    whole = {words[0], words[0].replace("_", "").replace(" ", "")} if "." not in name else {words[0]}
    for names, levels in (
        (CLEAR.get(role, ()), (Certainty.CLEAR, Certainty.CLEAR_PART)),
        (VAGUE.get(role, ()), (Certainty.VAGUE, Certainty.VAGUE_PART)),
    ):
        for among, level in ((whole, levels[0]), (words, levels[1])):
            places = [
                names.index(word) for word in among if word in names and (among is whole or len(word.encode()) > 1)
            ]
            if places:
                return level, min(places)
    return None


_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
"""Characters of scripts that put no spaces between words: Thai, Japanese, Chinese."""


def count_words(text: str) -> int:
    """Count the words of a text; where a script has no spaces, two characters are about a word.

    >>> count_words("How many pens?"), count_words("小明有三支铅笔")
    (3, 4)
    """
    unspaced = len(_UNSPACED.findall(text))
    return len(_UNSPACED.sub(" ", text).split()) + (unspaced + 1) // 2
