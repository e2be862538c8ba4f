namespace ConvTransfer.Engine.Elementwise;

/// <summary>erf(x) = 2 / √π · ∫ from 0 to x of e^(−t²), to a few units in the last place of double.</summary>
/// <remarks>
/// A Taylor series about the nearest of the points 0, 1/16, 2/16 … 6, from which it is at most 1/32 away; its coefficients are held for every point. With f(h) = erf(p + h) and
/// f'(h) = Σ d_n · h^n the equation f'' = −2 · (p + h) · f' gives (n + 1) · d_(n+1) = −2 · (p · d_n + d_(n−1)). Beyond 6 the result is 1 to double's last place.
/// The first coefficients are erf(p) = 2 / √π · e^(−p²) · Σ 2^n · p^(2n+1) / (1 · 3 · … · (2n + 1)) below 1, whose terms are all positive, so that none cancels; from 1 on, where that sum
/// would gather the rounding of many terms, 1 − e^(−p²) / √π / (p + ½ / (p + 1 / (p + 1½ / (p + 2 / …)))), of whose error only the small part that is not 1 has a share.
/// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 7.1.6 and 7.1.14.
/// </remarks>
internal static class ErrorFunction
{
    private const int PointsPerUnit = 16, Last = 6 * PointsPerUnit, Terms = 12, Levels = 400;
    private const double TwoOverRootPi = 1.1283791670955126;

    private static readonly double[] Coefficients = [.. Enumerable.Range(0, Last + 1).SelectMany(i => About((double)i / PointsPerUnit))];

    /// <summary>The function; −1 and 1 at the infinities.</summary>
    public static double Of(double x)
    {
        double a = Math.Abs(x);
        if (double.IsNaN(x)) return x;
        if (a >= (double)Last / PointsPerUnit) return Math.CopySign(1, x);
        int nearest = (int)((a * PointsPerUnit) + 0.5);
        double h = a - ((double)nearest / PointsPerUnit), square = h * h;
        ReadOnlySpan<double> c = Coefficients.AsSpan(nearest * Terms, Terms);
        // Even and odd powers are two chains, of which neither waits for the other. What is added last is the greatest.
        double odd = (((((((((c[11] * square) + c[9]) * square) + c[7]) * square) + c[5]) * square) + c[3]) * square) + c[1];
        double even = (((((((c[10] * square) + c[8]) * square) + c[6]) * square) + c[4]) * square) + c[2];
        return Math.CopySign(c[0] + ((odd * h) + (even * square)), x);
    }

    private static double[] About(double p)
    {
        double[] c = new double[Terms];
        c[0] = p < 1 ? Series(p) : Fraction(p);
        double before = 0, d = TwoOverRootPi * Math.Exp(-p * p);
        for (int n = 0; n + 1 < Terms; n++)
        {
            c[n + 1] = d / (n + 1);
            (before, d) = (d, -2 * ((p * d) + before) / (n + 1));
        }
        return c;
    }

    private static double Series(double p)
    {
        double term = p, sum = 0;
        for (int n = 1; sum + term != sum; n++)
        {
            sum += term;
            term *= 2 * p * p / ((2 * n) + 1);
        }
        return TwoOverRootPi * Math.Exp(-p * p) * sum;
    }

    // 400 levels are enough at 1, and more than enough beyond.
    private static double Fraction(double p)
    {
        double below = p;
        for (int level = Levels; level > 0; level--) below = p + (0.5 * level / below);
        return 1 - (0.5 * TwoOverRootPi * Math.Exp(-p * p) / below);
    }
}
