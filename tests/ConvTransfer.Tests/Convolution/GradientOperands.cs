using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Tests.Simd;

namespace ConvTransfer.Tests.Convolution;

/// <summary>Random X, W and dY of a convolution, and its gradients by the reference and by the fast kernels, NaN around every buffer.</summary>
internal sealed unsafe class GradientOperands(ConvolutionGeometry g, int seed) : IDisposable
{
    private readonly GuardedBuffer _x = new((long)g.Batch * g.Channels * g.InputPlane, seed), _w = new((long)g.Filters * g.SumLength, seed + 1), _dy = new((long)g.Batch * g.Filters * g.OutputPlane, seed + 2);

    public double[] X => Wide(_x);

    public double[] W => Wide(_w);

    public double[] DY => Wide(_dy);

    public double[] ReferenceOutput()
    {
        double[] x = X, w = W, y = new double[_dy.Length];
        byte[] scratch = new byte[ReferenceConvolution.ScratchBytes(g)];
        fixed (double* px = x, pw = w, py = y)
        fixed (byte* s = scratch) ReferenceConvolution.Run(g, px, pw, null, py, s);
        return y;
    }

    public double[] ReferenceInputGradient()
    {
        double[] dy = DY, w = W, dx = new double[_x.Length];
        byte[] scratch = new byte[ReferenceConvolutionGradients.ScratchBytes(g)];
        fixed (double* pd = dy, pw = w, px = dx)
        fixed (byte* s = scratch) ReferenceConvolutionGradients.Input(g, pd, pw, px, s);
        return dx;
    }

    public double[] ReferenceWeightGradient()
    {
        double[] dy = DY, x = X, dw = new double[_w.Length];
        byte[] scratch = new byte[ReferenceConvolutionGradients.ScratchBytes(g)];
        fixed (double* pd = dy, px = x, pw = dw)
        fixed (byte* s = scratch) ReferenceConvolutionGradients.Weights(g, px, pd, pw, s);
        return dw;
    }

    public float[] InputGradient(VectorWidth width, Crew crew, string name)
    {
        var gradient = F32ConvolutionInputGradient.Create(g, width);
        using var dx = new GuardedBuffer(_x.Length);
        using var scratch = new GuardedBuffer((gradient.ScratchBytes(crew.Size) + sizeof(float) - 1) / sizeof(float), aligned: true);
        gradient.Run(_dy.Pointer, _w.Pointer, dx.Pointer, (byte*)scratch.Pointer, crew);
        string what = $"input gradient, {name}, {width}, {crew.Size} threads";
        float[] result = Result(dx, scratch, what);
        using var packed = gradient.Pack(_w.Pointer);
        using var rest = new GuardedBuffer((gradient.ScratchBytes(crew.Size, packed: true) + sizeof(float) - 1) / sizeof(float), aligned: true);
        dx.Span.Fill(float.NaN);
        gradient.Run(_dy.Pointer, null, dx.Pointer, (byte*)rest.Pointer, crew, packed);
        Assert.True(result.AsSpan().SequenceEqual(Result(dx, rest, $"{what}, packed weights")), $"{what}: packed weights");
        return result;
    }

    public float[] WeightGradient(VectorWidth width, Crew crew, string name)
    {
        var gradient = F32ConvolutionWeightGradient.Create(g, width);
        using var dw = new GuardedBuffer(_w.Length);
        using var scratch = new GuardedBuffer((gradient.ScratchBytes(crew.Size) + sizeof(float) - 1) / sizeof(float), aligned: true);
        gradient.Run(_x.Pointer, _dy.Pointer, dw.Pointer, (byte*)scratch.Pointer, crew);
        return Result(dw, scratch, $"weight gradient, {name}, {width}, {crew.Size} threads");
    }

    public void Dispose()
    {
        _x.Dispose();
        _w.Dispose();
        _dy.Dispose();
    }

    private static float[] Result(GuardedBuffer result, GuardedBuffer scratch, string what)
    {
        result.AssertGuardsStand(what);
        scratch.AssertGuardsStand($"{what}, scratch");
        return result.Span.ToArray();
    }

    private static double[] Wide(GuardedBuffer buffer) => Array.ConvertAll(buffer.Span.ToArray(), v => (double)v);
}
