using System.Numerics;

namespace ConvTransfer.Engine.Gemm;

/// <summary>The matrix product as the definition says it, for every element type: floating point is summed in double, integers in their own type, where they wrap.</summary>
internal static unsafe class ReferenceProduct
{
    /// <summary>Computes Y = alpha · A · B + beta · C.</summary>
    /// <param name="g">The geometry.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="c">C, or null.</param>
    /// <param name="y">[products][M][N]; must not overlap the others.</param>
    /// <param name="affine">The factors and C's strides.</param>
    public static void Run<T>(MatrixGeometry g, T* a, T* b, T* c, T* y, in Affine affine) where T : unmanaged, INumber<T>
    {
        bool inDouble = typeof(T) == typeof(float) || typeof(T) == typeof(double) || typeof(T) == typeof(Half);
        for (int product = 0; product < g.Products; product++)
        {
            for (nint m = 0; m < g.M; m++)
            {
                for (nint n = 0; n < g.N; n++)
                {
                    T* left = a + g.AStart[product] + (m * g.ARow), right = b + g.BStart[product] + (n * g.BColumn);
                    T* summand = c is null ? null : c + (m * affine.CRow) + (n * affine.CColumn);
                    *y++ = inDouble ? InDouble(g, left, right, summand, affine) : InItsType(g, left, right, summand, affine);
                }
            }
        }
    }

    private static T InDouble<T>(MatrixGeometry g, T* a, T* b, T* c, in Affine affine) where T : unmanaged, INumber<T>
    {
        double sum = 0;
        for (int k = 0; k < g.K; k++, a += g.AColumn, b += g.BRow) sum += double.CreateTruncating(*a) * double.CreateTruncating(*b);
        return T.CreateTruncating((affine.Alpha * sum) + (c is null ? 0 : affine.Beta * double.CreateTruncating(*c)));
    }

    private static T InItsType<T>(MatrixGeometry g, T* a, T* b, T* c, in Affine affine) where T : unmanaged, INumber<T>
    {
        T sum = T.Zero;
        for (int k = 0; k < g.K; k++, a += g.AColumn, b += g.BRow) sum = unchecked(sum + (*a * *b));
        return unchecked(Scaled(sum, affine.Alpha) + (c is null ? T.Zero : Scaled(*c, affine.Beta)));
    }

    private static T Scaled<T>(T value, float factor) where T : unmanaged, INumber<T> => factor == 1 ? value : T.CreateTruncating(double.CreateTruncating(value) * factor);
}
