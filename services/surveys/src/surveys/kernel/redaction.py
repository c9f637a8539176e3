"""Taking out of free text what names a person, before an officer or any statistics see it.

Telephone numbers, identity and account numbers, e-mail addresses and number plates are replaced by a marker. Names of
persons in running text cannot be found surely by any rule: free text is never published raw, redacted or not.
"""

import re

__all__ = ["MARKERS", "redact"]

MARKERS = {"mail": "[邮箱]", "identity": "[证件号]", "phone": "[电话]", "account": "[账号]", "plate": "[车牌]"}
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_GAP = r"[-\s.·]?"
# In this order: an identity number holds eleven digits that look like a telephone number.
_PATTERNS = (
    ("mail", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)),
    ("identity", re.compile(rf"(?<!\d)\d{{6}}{_GAP}(?:19|20)\d{{6}}{_GAP}\d{{3}}[\dXx](?![\dXx])")),
    ("identity", re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15})(?!\d)")),
    ("phone", re.compile(rf"(?<!\d)(?:\+?(?:00)?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)")),
    ("phone", re.compile(rf"(?<!\d)(?:\(0\d{{2,3}}\)|0\d{{2,3}}){_GAP}\d{{7,8}}(?!\d)")),
    ("account", re.compile(r"(?<!\d)\d(?:[-\s]?\d){15,18}(?!\d)")),
    ("account", re.compile(r"(?:QQ|微信号?|wechat|weixin)\s*[:：是为]?\s*[A-Za-z0-9_-]{5,20}", re.IGNORECASE)),
    ("plate", re.compile(rf"[{_PROVINCES}][A-Z][·•\s-]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳]", re.IGNORECASE)),
    ("phone", re.compile(r"(?<!\d)\d{7,}(?!\d)")),
)
# Full-width digits and letters are what a Chinese keyboard gives; punctuation stays as it was written.
_NARROW = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_NARROW |= {ord("＠"): ord("@"), ord("．"): ord("."), ord("－"): ord("-")}


def redact(text: str) -> str:
    """The text with a marker in place of each telephone, identity and account number, e-mail address and plate."""
    clean = text.translate(_NARROW)
    for kind, pattern in _PATTERNS:
        clean = pattern.sub(MARKERS[kind], clean)
    return clean
