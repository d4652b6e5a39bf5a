"""Number theory: congruences, remainders, numerals of other bases and operations of a text's own."""

import pytest

from grader.checking.check import Checker
from grader.engines import load_pair
from grader.lines import split_lines
from grader.pipeline import Grader
from grader.reading.numerals import with_bases
from grader.reading.rules import read_line
from grader.types import Certainty, CheckStatus, Equation, Solution

CONGRUENCES = [
    r"By Fermat, $3^{10} \equiv 1 \pmod{11}$, so $3^{100} = (3^{10})^{10} \equiv 1^{10} = 1 \pmod{11}$.",
    r"Since $2^{5} = 32 \equiv -1 \pmod{11}$, $2^{10} \equiv (-1)^2 = 1 \pmod{11}$.",
    r"$7^{222} = (7^{10})^{22} \cdot 7^2 \equiv 1 \cdot 49 \equiv 5 \pmod{11}$",
    r"\[ 2^{2024} = (2^3)^{674} \cdot 2^2 \equiv 1^{674} \cdot 4 = 4 \pmod{7} \]",
    "x ≡ 2 (mod 3), x ≡ 3 (mod 5), x ≡ 2 (mod 7) gives x = 2·70 + 3·21 + 2·15 = 233 ≡ 23 (mod 105).",
    "By CRT, 35·2 = 70 ≡ 1 (mod 3), 21 ≡ 1 (mod 5), 15 ≡ 1 (mod 7).",
    "Casting out nines: 4382 has digit sum 4+3+8+2 = 17, and 17 = 8.",
    "Check by casting out nines: 27 × 34 = 918; 0 × 7 = 0 and 9 + 1 + 8 = 18 = 0.",
    "Digital root: 9 + 8 + 7 = 24 = 6.",
    "The last digits of powers of 7: 7^1 = 7, 7^2 = 49, 7^3 = 343, 7^4 = 2401 ≡ 1 (mod 10), so 7^{100} ≡ 1 (mod 10).",
    "The units digit of 3^4 is 1 since 3^4 = 81 ≡ 1 (mod 10).",
    "-3 ≡ 4 (mod 7)",
    "Since -3 ≡ 4 (mod 7), the residue is 4.",
    "−17 ≡ 3 (mod 5)",
    r"$-1 \equiv 10 \pmod{11}$",
    "16 ≡ -1 (mod 17), so 16^2 ≡ 1 (mod 17).",
    r"\begin{align*} 3^{10} &= 9^5 \\ &\equiv (-1)^5 \\ &\equiv -1 \\ &\equiv 1 \pmod{2} \end{align*}",
    r"\begin{align*} 7^{2} &\equiv 1 \\ 5^{2} &\equiv 1 \pmod{4} \end{align*}",
    "We work modulo 7. Then 10 ≡ 3 and 100 ≡ 2, so 10 × 100 ≡ 6.",
    "Working mod 7:\n5 + 6 = 4\n3 * 5 = 1",
    "10 ≡ 1 (mod 9) but 10 ≡ -1 (mod 11), and 100 ≡ 4 (mod 6).",
    "100 ≡ 4 (mod 6) ⇒ 3^100 ≡ 3^4 ≡ 4 (mod 7)",
    r"$\varphi(10) = 4$, so $3^4 \equiv 1 \pmod{10}$ and $3^{42} = 3^{40}\cdot 3^2 \equiv 9 \pmod{10}$.",
    "The order of 2 modulo 7 is 3, as 2^3 = 8 ≡ 1 (mod 7).",
    "ord_7(3) = 6 because 3^1 ≡ 3, 3^2 ≡ 2, 3^3 ≡ 6, 3^4 ≡ 4, 3^5 ≡ 5, 3^6 ≡ 1 (mod 7).",
    "The squares mod 8 are 0^2 ≡ 0, 1^2 ≡ 1, 2^2 ≡ 4, 3^2 ≡ 1 (mod 8).",
    "1^2, 2^2, 3^2 ≡ 1, 4, 2 (mod 7)",
    "n^2 ≡ 0, 1 (mod 4)",
    "x ≡ ±1 (mod 5)",
    r"$11^2 \equiv \pm 1 \pmod{5}$",
    r"$3 \cdot 5 = 15 \equiv 1 \pmod{7}$, so $3^{-1} \equiv 5 \pmod 7$.",
    "2^(-1) ≡ 4 (mod 7)",
    "1/3 ≡ 5 (mod 7)",
    r"\frac{1}{2} \equiv 3 \pmod{5}",
    "3x ≡ 6 (mod 9), so x ≡ 2 (mod 3), that is x = 2, 5, 8.",
    "17 = 3·5 + 2, so 17 mod 5 = 2.",
    "-7 mod 3 = 2",
    "gcd(1071, 462) = gcd(462, 1071 mod 462) = gcd(462, 147) = 21",
    "1071 mod 462 = 147, 462 mod 147 = 21, 147 mod 21 = 0.",
    "2^10 mod 1000 = 24",
    "2^10 = 1024, 1024 mod 1000 = 24",
    "3^4 mod 8 = 81 mod 8 = 1",
    "(3 mod 5) + (4 mod 5) = 7 mod 5 = 2",
    "(17 mod 5) * 3 = 6",
    "10 mod 3 + 5 mod 3 = 3",
    "100 mod 7 * 2 = 4",
    r"\[ 13 + 15 \mod 19 = 28 \mod 19 = 9 \]",
    r"\[3^{-1} + 13^{-1} \equiv 13 + 3 \mod 19\]",
    r"$123999 \mod 3 = 0$",
    "365 = 52·7 + 1, so 365 ≡ 1 (mod 7): each year shifts the weekday by 1.",
    "Day 100: 100 mod 7 = 2 days after Monday.",
    "Today is day 3; 3 + 100 = 103 = 5 (mod 7).",
    "On a 12-hour clock, 9 + 5 = 2.",
    "In clock arithmetic, 10 + 5 = 3.",
    "On a 7-hour clock 5 + 4 = 2.",
    r"In $\mathbb{Z}_7$, $5 + 6 = 4$ and $3 \cdot 5 = 1$.",
    "In ℤ₇: 5 + 6 = 4.",
    "In Z/7Z, 5 + 6 = 4.",
    "In GF(5), 3 + 4 = 2.",
    r"In $\mathbb{Z}/12\mathbb{Z}$ we have $7 + 8 = 3$.",
    r"In $\mathbb{F}_2$, $1 + 1 = 0$.",
    "5 + 6 = 4 modulo 7.",
    "5 + 6 = 11 = 4 (mod 7)",
    "2^3 = 8 = 1 mod 7",
    "2^3 = 1 mod 7, so 2^9 = 1 mod 7.",
    "Mod 7, 2^3 = 1 and 3^2 = 2.",
    "17 ≡ 3 (mod 7), 17 ≡ 1 (mod 4), 17 ≡ 2 (mod 5)",
    "24 ≡ 4 (mod 10) ≡ 4 (mod 5)",
    "2024 ≡ 24 (mod 100) ≡ 4 (mod 10)",
    "123 ≡ 1 + 2 + 3 = 6 ≡ 0 (mod 3)",
    "918273 ≡ 9 + 1 + 8 + 2 + 7 + 3 = 30 ≡ 3 (mod 9)",
    "7! = 5040 ≡ 0 (mod 7), 6! = 720 ≡ -1 (mod 7)",
    r"$10! \equiv -1 \pmod{11}$ by Wilson's theorem",
    r"$\binom{7}{3} = 35 \equiv 0 \pmod{7}$",
    r"Because $12$ is congruent to $1$ modulo $11$, $12^{5} \equiv 1 \pmod{11}$.",
    "39 is congruent to 1 mod 19.",
    "37 is congruent to 17 (mod 20).",
    "17 is not congruent to 4 modulo 7.",
    "17 ≢ 4 (mod 7)",
    r"$3 \cdot 2 = 6 \not\equiv 1 \pmod{7}$",
    r"$3 \cdot 3 = 9 \not \equiv 1 \pmod{7}$ but $3 \cdot 5 = 15 \equiv 1 \pmod 7$",
    "Is 17 ≡ 4 (mod 7)? No.",
    "If 17 ≡ 4 (mod 7) were true, 13 would be divisible by 7.",
    "We need 3k ≡ 1 (mod 7).",
    "2^n ≡ 1 (mod 7) for n = 3.",
    "a ≡ 5 (mod 7) and b ≡ 4 (mod 7), so ab ≡ 20 ≡ 6 (mod 7).",
    "a + b ≡ 5 + 4 ≡ 9 ≡ 2 (mod 7)",
    "p ≡ 3 (mod 4) so p = 4k + 3",
    "x ≡ 8 (mod 15) → x = 8, 23, 38",
    r"$5050 - x \equiv 0 \pmod{77}$, $5050 = 65 \cdot 77 + 45$, so $x \equiv 45 \pmod{77}$.",
    r"$x^2 \equiv 1 \pmod{x^2 - 1}$",
    r"$2^{p-1} \equiv 1 \pmod p$, with $p = 7$: $2^6 = 64 \equiv 1 \pmod{7}$.",
    "n = 2: 4 ≡ 1 (mod 3) ✓; n = 3: 9 ≡ 0 (mod 3).",
    "10^k ≡ 1 (mod 9)",
    "1001 = 7·11·13, so 1001 ≡ 0 (mod 7).",
    "13 ≡ 3 mod 10, 13^2 ≡ 9 mod 10, 13^4 ≡ 1 mod 10.",
    r"$13^{2}\equiv 169\equiv 69 \pmod{100}$",
    r"$2011^{2011} \equiv 11^{2011} \pmod{1000}$",
    "2^{20} ≡ 2^2 ≡ 4 (mod 7)",
    "7^(2^3) ≡ 1 (mod 10)",
    r"$480^\circ \equiv 120^\circ \pmod{360^\circ}$",
    r"$\frac{13\pi}{6} \equiv \frac{\pi}{6} \pmod{2\pi}$",
    r"$\left(\frac{2}{7}\right) \equiv 2^3 \equiv 1 \pmod 7$",
    r"$\left(\frac{3}{7}\right) \equiv 3^3 \equiv 27 \equiv -1 \pmod 7$",
    "10 ≡ 3 (mod 7), since 10 - 3 = 7 = 7·1.",
    "(10 ≡ 3 mod 7)",
    "12 ≡ 5(mod 7)",
    "12≡5 mod(7)",
    "12 ≡ 5 (modulo 7)",
    "a ≡ b (mod m)",
    "4 ≡ 1 + 3 (mod 9)",
    "The remainder of 194 (mod 11) is 7: 194 = 11 × 17 + 7.",
    "R = 2310 mod 42 = 0",
    "17 mod 5 equals 2",
    "17 modulo 5 gives 2",
    "2310 ≡ 0 (mod 42) because 2310 = 42·55.",
    "Since 1000 ≡ -1 (mod 7), 123456 ≡ 456 - 123 = 333 ≡ 4 (mod 7).",
    "3^{1000} ≡ 3^{1000 mod 4} ≡ 3^0 = 1 (mod 5)",
    "4 divides 100, so 100 ≡ 0 (mod 4); 2 ≡ 6 ≡ 10 (mod 4)",
    r"$17 \equiv 3$ (mod 7)",
    "Sum = 1+2+...+100 = 5050 ≡ 0 (mod 5).",
    "5050 ≡ 50 (mod 100), so the last two digits are 50.",
    "3^20 = 3486784401 ≡ 01 (mod 100)",
    "f(3) ≡ 2 (mod 5) where f(x) = x^2 + 3",
    "a_5 = 12 ≡ 2 (mod 10)",
    "F_10 = 55 ≡ 6 (mod 7)",
    "2·3 ≡ 6, 2·4 ≡ 8 ≡ 1 (mod 7)",
    r"$2 \cdot 4 \equiv 1$ and $3 \cdot 5 \equiv 1 \pmod 7$",
    "x = 5: 5^2 + 1 = 26 ≡ 0 (mod 13).",
    "3 | 12 and 12 ≡ 0 (mod 3)",
    "15 ≡ 3 (mod 4), 15 ≡ 1 (mod 2)",
    "100 ≡ 16 (mod 28) and 16 ≡ 100 (mod 28)",
    "12-hour arithmetic: 8 + 7 = 3",
    "Let m = 7 be the modulus. 5 + 6 = 4.",
    "modulus m = 7: 5 + 6 = 4",
    "12 mod 5 = 2\n= 2 mod 5\n= 7 mod 5",
    "There are 30 students.\n≡ 2 (mod 7)",
    "We have 2^10 ≡ 24 (mod 100)\n≡ 4 (mod 20)",
    "In F_7: 3/5 = 3·3 = 9 = 2.",
    "(2/11) = -1 since 11 ≡ 3 (mod 8).",
    r"$\left(\frac{2}{7}\right) = 1$, so 2 is a quadratic residue.",
    "gcd(12, 18) = 6 and 12·18/6 = 36 ≡ 0 (mod 12)",
    "7 mod 0 is undefined",
    "100 - 30 mod 7 = 98",
]
NUMERALS = [
    "110101_2 = 32 + 16 + 4 + 1 = 53",
    "110101_2 = 53_{10}",
    "$45_{10} = 101101_2$",
    r"$220_7 = 2\cdot 49 + 2 \cdot 7 = 112$",
    "101₂ + 11₂ = 1000₂",
    "101_2 + 11_2 = 1000",
    "$101_2 + 11_2 = 1000$",
    r"$1011_{\text{two}} = 11_{\text{ten}}$",
    "(1011)_2 = 11",
    "a_2 = 5, x_1 = 3",
    "The digit gap: 3_2 = 342 works",
    r"$\log_2 8 = 3$, $\log_{10} 100 = 2$",
    "$C_5^2 = 10$",
    r"$324_8 = 3 \cdot 8^2 + 2 \cdot 8^1 + 4 \cdot 8^0 = 192 + 16 + 4 = 212_{10}$",
    "$212 + 3758 = 3970_{10}$",
    "$AAA_7 + BBB_7 = 666_7$",
    r"$666_7 = 6 \cdot 7^2 + 6\cdot 7 + 6 = 6(49+7+1) = 342$",
    "1A_{16} = 26",
    "FF_16 = 255",
    "0xFF = 255, 0b101 = 5, 0o17 = 15",
    "255 = 0xFF; 0x10 = 16",
    "0x10 + 0x0F = 0x1F",
    "5 x 0 = 0; 0x5 = 0; 0 x 10 = 0",
    "441_{10} = 1200_7 since 441 = 343 + 98 = 1·343 + 2·49",
    "23_5 = 13 and 31_5 = 16, so 23_5 + 31_5 = 29 = 104_5",
    "In base 2, 101 + 11 = 1000.",
    "6_7 + 5_7 = 14_7",
    "6 + 5 = 14 in base 7",
    "$0.1_3 = 1/3$",
    "$3.5_{10} = 3.5$",
    "1_000_000 + 1 = 1000001",
    "10_{b} = b",
    "121_b = (b+1)^2",
    "$2_{10}C_3 = 240$",
    r"$(10)_3 = 10 \cdot 9 \cdot 8 = 720$",
    "13_b = b + 3 = 10, so b = 7",
    "Let n = 110_2. In binary n = 110, which is 4 + 2 = 6.",
]
OPERATIONS = [
    "A♣4 = 3A + 8 + 5 = 58, so 3A = 45 and A = 15.",
    "2 ⊕ 3 = 2·2 + 3 = 7",
    "5 # 3 = 5 + 3 - 1 = 7",
    "a ◊ b = a - b, so 7 ◊ 3 = 4",
    r"$3 \star 4 = 3 + 4 + 1 = 8$",
    "7 = 3 ♣ 4",
    "3 + 4 = 3 ♣ 4",
    "(2 ★ 3) ★ 4 = 7 ★ 4 = 11",
    r"$(f \circ g)(3) = f(4) = 9$",
    "(f∘g)(3) = f(g(3)) = f(4) = 4 + 5 = 9",
    "★ 3 + 4 = 7",
    "3 + 4 = 7 ★ 5 + 6 = 11",
    "5 @ 3 = 15",
    "3 apples @ $2 = $6",
    "x ∘ 3 = 5",
    "x = 3 ♦ 4 = 5",
    "2 ♥ x = 2 + 2x = 10, x = 4",
    "3∆4 = 12 + 7 = 19",
    r"$5 \triangle 3 = 5^2 - 3 = 22$",
    r"Then 5 \star 3 = 5 + 6 = 11 holds",
    "a∘b = a+b-ab: 2∘3 = 2+3-6 = -1 and (2∘3)∘4 = -1∘4 = -1+4+4 = 7",
    "5 ± 3 = 8 or 2",
    "3∥6 = 2",
    "30∘ + 60∘ = 90∘",
    "Bus # 5 carries 3 * 4 = 12 people.",
    "2.0x10^3 = 2000",
]
FALSE = [
    ("3^5 = 243 ≡ 2 (mod 11)", "243 is 1 modulo 11, not 2"),
    ("2^{20} ≡ 2^2 ≡ 3 (mod 7)", "2^2 is 4 modulo 7, not 3"),
    ("32 ≡ 9 (mod 11)", "32 is 10 modulo 11, not 9"),
    (r"$18 \equiv 3 \pmod{7}$", "18 is 4 modulo 7, not 3"),
    (r"$18 \equiv 3 \mod 7$", "18 is 4 modulo 7, not 3"),
    (r"\(18 \equiv 3\) (mod 7)", "18 is 4 modulo 7, not 3"),
    ("18 is congruent to 3 modulo 7.", "18 is 4 modulo 7, not 3"),
    ("500 mod 7 = 2", "500 is 3 modulo 7, not 2"),
    (r"$500 \bmod 7 = 2$", "500 is 3 modulo 7, not 2"),
    ("By Fermat 3^{10} ≡ 1 (mod 11), so 3^{23} ≡ 3^3 = 27 ≡ 6 (mod 11).", "27 is 5 modulo 11, not 6"),
    (r"$7^{222} \equiv 7^2 = 49 \equiv 4 \pmod{11}$", "49 is 5 modulo 11, not 4"),
    ("110101_2 = 51_{10}", "110101_2 is 53, not 51_10"),
    ("$45_{10} = 101100_2$", "101100_2 is 44, not 45_10"),
    ("110101_2 = 32 + 16 + 4 + 2", "110101_2 is 53, but 32+16+4+2 is 54"),
    ("101₂ = 6", "101_2 is 5, not 6"),
    (r"$1011_{\text{two}} = 12$", "1011_2 is 11, not 12"),
    (r"$220_7 = 2 \cdot 49 + 2 \cdot 7 = 110$", "2*49+2*7 is 112, not 110"),
    ("$220_7 = 114$", "220_7 is 112, not 114"),
    (r"\[ 2^{2024} \equiv 2 \pmod{7} \]", "2^(2024) is 4 modulo 7, not 2"),
    ("-3 ≡ 5 (mod 7)", "-3 is 4 modulo 7, not 5"),
    ("100 ≡ 3 (mod 7), so 10^2 ≡ 3.", "100 is 2 modulo 7, not 3"),
    ("7^(7^7) ≡ 7 (mod 100)", "7^(7^7) is 43 modulo 100, not 7"),
    ("6! ≡ 1 (mod 7)", "6! is 6 modulo 7, not 1"),
    ("2^10 mod 1000 = 26", "2^10 is 24 modulo 1000, not 26"),
    ("3^4 mod 8 = 81 mod 8 = 2", "81 is 1 modulo 8, not 2"),
    ("13 + 15 mod 19 = 8", "13+15 is 9 modulo 19, not 8"),
    (r"\begin{align*} 3^{10} &\equiv 9^5 \\ &\equiv 2 \\ &\equiv 4 \pmod{7} \end{align*}", "9^5 is 4 modulo 7, not 2"),
    ("2^(-1) ≡ 3 (mod 7)", "2^(-1) is 4 modulo 7, not 3"),
    ("$101_2 + 11_2 = 1001_2$", "101_2+11_2 is 8, but 1001_2 is 9"),
    ("5 + 6 = 11 = 3 (mod 7)", "11 is 4 modulo 7, not 3"),
    ("1024 = 25 (mod 1000)", "1024 is 24 modulo 1000, not 25"),
]
READ = [
    ("3^5 = 243 ≡ 1 (mod 11)", ["3^5=243", "243≡1 (mod 11)"]),
    (r"\[ 2^4 \equiv 16 \equiv 2 \pmod{7} \]", ["2^4≡16 (mod 7)", "16≡2 (mod 7)"]),
    ("8 = 1 (mod 7)", ["8≡1 (mod 7)"]),
    ("17 mod 5 = 2", ["17≡2 (mod 5)"]),
    ("1071 mod 462 = 147, 462 mod 147 = 21", ["1071≡147 (mod 462)", "462≡21 (mod 147)"]),
    ("$17 \\equiv 3$ (mod 7)", ["17≡3 (mod 7)"]),
    ("12 is congruent to 5 modulo 7.", ["12≡5 (mod 7)"]),
    ("(1101)_2 = (13)_{10}", ["1101_2=13_10"]),
    ("(10)_3 = 720", []),
    ("10 ≡ 3, 12 ≡ 5 (mod 7)", ["12≡5 (mod 7)"]),
    ("24 ≡ 4 (mod 10) ≡ 4 (mod 5)", ["24≡4 (mod 10)"]),
    ("17 ≡ 3 (mod p)", []),
    ("17 ≡ 3 (mod 10^2)", []),
    ("10 ≡ 1, 4 (mod 5)", []),
    ("so n = 10 ≡ remainder = 3 (mod 7)", ["n=10"]),
    ("17 mod 5 < 3", []),
    ("10 mod 3 + 5 mod 3 = 3", []),
    ("(17 mod 5) * 3 = 6", []),
    ("$45_{10} = 101101_2$", ["45_10=101101_2"]),
    ("101₂ + 11₂ = 1000₂", ["101_2+11_2=1000_2"]),
    ("a_2 = 5", ["a_2=5"]),
    ("0x1F = 31, 0x = 0", ["0x=0"]),
    ("5 0x1F", []),
    ("0x5 = 0", ["0*5=0"]),
    ("7 = 3 ♣ 4", []),
    ("A♣4 = 3 + 8", []),
]


@pytest.fixture(scope="module")
def grade():
    with Grader(load_pair("rules", classifier=False, adapters=None, threshold=None)) as grader:
        yield lambda text, problem="": grader.grade([Solution(problem, text)])[0]


@pytest.mark.parametrize("text", [*CONGRUENCES, *NUMERALS, *OPERATIONS])
def test_right_ones_are_not_called_wrong(grade, text):
    """What is true, asked, denied or not understood does not fail."""
    assert grade(text).message is None


@pytest.mark.parametrize(("text", "message"), FALSE)
def test_false_ones_fail(grade, text, message):
    """A false congruence, remainder or numeral fails, and the message says what is right."""
    assert grade(text).message == f"line 1: {message}"


@pytest.mark.parametrize(("text", "equations"), READ)
def test_what_is_read(text, equations):
    """Each pair of numbers is read with its modulus, and nothing beside an operation that is not known."""
    (line,) = split_lines(text)
    assert [equation.text for equation in read_line(line.readable).equations] == equations


def test_a_congruence_of_numbers_is_certain():
    """It takes no model to read one."""
    assert read_line("3^5 = 243 ≡ 1 (mod 11)").certainty is Certainty.CERTAIN


def test_a_modulus_of_the_problem_excuses_sums(grade):
    """The problem may say by what is counted; an error by something else fails."""
    assert grade("5 + 6 = 4", "All numbers are in Z_7.").message is None
    assert grade("5 + 6 = 3", "All numbers are in Z_7.").message == "line 1: 5+6 is 11, not 3"


def test_a_corrected_congruence_does_not_fail(grade):
    """A later line with the right residue of the same modulus corrects it."""
    assert grade("32 ≡ 9 (mod 11).\nAgain, 32 ≡ 10 (mod 11).").message is None
    assert grade("32 ≡ 9 (mod 11).\nAnd 32 ≡ 2 (mod 5).").message == "line 1: 32 is 10 modulo 11, not 9"


@pytest.mark.parametrize(
    ("text", "status", "detail"),
    [
        ("2^(2^100)≡2 (mod 7)", CheckStatus.HOLDS, None),
        ("-3*7^(7^7)+1≡72 (mod 100)", CheckStatus.HOLDS, None),
        ("7^(7^(7^7))≡3 (mod 10)", CheckStatus.LIMIT, "MAX_BITS: a power"),
        ("2^(2^600)≡2 (mod 7)", CheckStatus.LIMIT, "MAX_EXPONENT: an exponent"),
        ("9≡2 (mod 1)", CheckStatus.UNPARSABLE, "a congruence has one modulus"),
        ("9≡2≡2 (mod 7)", CheckStatus.UNPARSABLE, "a congruence has one modulus"),
        ("9≡2", CheckStatus.UNPARSABLE, "a congruence has one modulus"),
        ("123/10≡2 (mod 7)", CheckStatus.UNPARSABLE, "no value: a quotient that is no integer may be rounded"),
        ("1.5≡3 (mod 7)", CheckStatus.UNPARSABLE, "no value: decimals have no residue"),
        ("50%≡4 (mod 7)", CheckStatus.UNPARSABLE, "no value: decimals have no residue"),
        ("sqrt(2)≡3 (mod 7)", CheckStatus.UNPARSABLE, "no value: root 2 of 2"),
        ("2≡3^5 (mod 11)", CheckStatus.FAILS, "3^5 is 1 modulo 11, not 2"),
        ("2≡3 (mod 11)", CheckStatus.FAILS, "2 is not 3 modulo 11"),
    ],
)
def test_congruences_are_judged_within_limits(text, status, detail):
    """Powers beyond the limits are judged by their residues, and what has none is not judged."""
    with Checker() as checker:
        check = checker.check(Equation(text))
    assert (check.status, check.detail) == (status, detail)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1011_(2)", "1011_2"),
        ("(1011)_2", "1011_2"),
        ("0101₂", "101_2"),
        ("1011_two", "1011_2"),
        ("1_000 + x_2 + 2_x1", "1_000 + x_2 + 2_x1"),
    ],
)
def test_numerals_have_one_spelling(text, expected):
    """Bases behind numerals are brought to one spelling, and other indices left alone."""
    assert with_bases(text) == expected


@pytest.mark.parametrize("text", ["17 % 5 = 2", "-17 % 5 = 3", "-17 % 5 = -2"])
def test_remainders_of_programs(judged, text):
    """Of a negative number a remainder has one sign or the other, as languages have it."""
    assert judged(text) == [("holds", "% read as remainder")]


def test_a_wrong_remainder_of_a_program(judged):
    """It is none of both."""
    assert [status for status, _ in judged("-17 % 5 = 2")] == ["fails"]
