namespace ConvTransfer.Engine.Gemm;

/// <summary>The numbers of one or several matrix products Y[m, n] = Σ_k A[m, k] · B[k, n], each matrix with strides of its own, so that transposition costs nothing. Y is dense, one product after another.</summary>
internal sealed class MatrixGeometry
{
    public required int M { get; init; }

    public required int N { get; init; }

    public required int K { get; init; }

    /// <summary>Elements from one row of A to the next.</summary>
    public required nint ARow { get; init; }

    /// <summary>Elements from one column of A to the next.</summary>
    public required nint AColumn { get; init; }

    /// <summary>Elements from one row of B to the next.</summary>
    public required nint BRow { get; init; }

    /// <summary>Elements from one column of B to the next.</summary>
    public required nint BColumn { get; init; }

    /// <summary>The first element of A for each product.</summary>
    public nint[] AStart { get; init; } = [0];

    /// <summary>The first element of B for each product.</summary>
    public nint[] BStart { get; init; } = [0];

    /// <summary>The number of products.</summary>
    public int Products => AStart.Length;
}

/// <summary>What follows the product: Y = Alpha · A · B + Beta · C, C with strides that are 0 along the axes over which it is spread.</summary>
/// <param name="Alpha">The factor of the product.</param>
/// <param name="Beta">The factor of C.</param>
/// <param name="CRow">Elements from one row of C to the next.</param>
/// <param name="CColumn">Elements from one column of C to the next.</param>
internal readonly record struct Affine(float Alpha, float Beta, nint CRow, nint CColumn)
{
    /// <summary>Nothing: Y = A · B.</summary>
    public static Affine None { get; } = new(1, 1, 0, 0);
}
