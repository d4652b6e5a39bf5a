"""Solutions in Chinese, Japanese and Korean: numbers that touch words are read, and the words beside them are units."""

import pytest


@pytest.mark.parametrize(
    "text",
    [
        "解:标价为240×(1+50%)=360(元)。",
        "利润为288-240=48(元)。",
        "女生:48×$\\frac{5}{8}$=30人",
        "第1天卖出3×4=12个，第2天5×6=30个",
        "長方形の面積は 5cm × 6cm = 30cm²",
        "速度は240÷4=60km",
        "240 나누기 4는 240÷4=60입니다",
        "3年前は、40−3=37歳",
        "6分×60=360秒",
        "5元+50分=5.5元",
        "2千克×3=6000克",
        "2小时+30分钟=2.5小时",
        "2万×3=60000",
        "5만×2=100000",
        "100×8折=80",
        "5万+3万=8万",
        "设甲有x元，则x+5=20，x=15",
        "3小时=180分",
    ],
)
def test_what_is_right_raises_no_alarm(messages, text):
    """Units have no table there: other units and scales in one calculation are not judged."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("打八折后的售价为360×0.8=289(元)。", "360*0.8 is 288, not 289"),
        ("女生:48×$\\frac{5}{8}$=28人", "48*5/8 is 30, not 28"),
        ("共有5×6=31个苹果，剩下31-1=30个", "5*6 is 30, not 31"),
        ("速度は240÷4=61km", "240/4 is 60, not 61"),
        ("240 나누기 4는 240÷4=61입니다", "240/4 is 60, not 61"),
        ("2千克×3=7千克", "2*3 is 6, not 7"),
        ("合計は 3×5+2=18 です", "3*5+2 is 17, not 18"),
    ],
)
def test_a_false_calculation_fails(messages, text, message):
    """With a unit of its language behind it, or without."""
    assert messages(text) == [message]
