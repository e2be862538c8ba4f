using System.Numerics;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>start, start + delta, ... up to, not including, limit.</summary>
/// <remarks>Source: ONNX Range-11, and float16 as Range-27 has it. Element i is start + i · delta.</remarks>
internal sealed class Range : PlainOperator
{
    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64, ElementType.Float16, ElementType.Int16, ElementType.Int32, ElementType.Int64]);

    public override OperatorSchema Schema { get; } = new("Range", since: [11])
    {
        Inputs = [new("start", T) { DecidesShape = true }, new("limit", T) { DecidesShape = true }, new("delta", T) { DecidesShape = true }],
        Outputs = [new("output", T)],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        for (int i = 0; i < 3; i++) n.Require(n.Input(i).Dims!.Value.All(d => d.MayEqual(1)), $"input {i} is {n.Input(i)}, expected a scalar");
        var type = n.Input(0).ElementType;
        return [new TensorType(type, [n.Constant(0) is { } start && n.Constant(1) is { } limit && n.Constant(2) is { } delta ? Count(n, start, limit, delta) : Dim.Unknown])];
    }

    protected override PlainKernel Prepare(NodeContext n) => n.Input(0).ElementType switch
    {
        ElementType.Float32 => new RangeKernel<float>(n.OutputShape(0).ElementCount),
        ElementType.Float16 => new RangeKernel<Half>(n.OutputShape(0).ElementCount),
        ElementType.Float64 => new RangeKernel<double>(n.OutputShape(0).ElementCount),
        ElementType.Int16 => new RangeKernel<short>(n.OutputShape(0).ElementCount),
        ElementType.Int32 => new RangeKernel<int>(n.OutputShape(0).ElementCount),
        _ => new RangeKernel<long>(n.OutputShape(0).ElementCount),
    };

    private static long Count(NodeContext n, Tensor start, Tensor limit, Tensor delta) => start.ElementType switch
    {
        ElementType.Float32 => Count(n, start.AsSpan<float>()[0], limit.AsSpan<float>()[0], delta.AsSpan<float>()[0]),
        ElementType.Float16 => Count(n, (double)start.AsSpan<Half>()[0], (double)limit.AsSpan<Half>()[0], (double)delta.AsSpan<Half>()[0]),
        ElementType.Float64 => Count(n, start.AsSpan<double>()[0], limit.AsSpan<double>()[0], delta.AsSpan<double>()[0]),
        ElementType.Int16 => Count(n, (long)start.AsSpan<short>()[0], limit.AsSpan<short>()[0], delta.AsSpan<short>()[0]),
        ElementType.Int32 => Count(n, (long)start.AsSpan<int>()[0], limit.AsSpan<int>()[0], delta.AsSpan<int>()[0]),
        _ => Count(n, start.AsSpan<long>()[0], limit.AsSpan<long>()[0], delta.AsSpan<long>()[0]),
    };

    private static long Count(NodeContext n, long start, long limit, long delta)
    {
        n.Require(delta != 0, "delta is 0");
        Int128 distance = delta > 0 ? (Int128)limit - start : (Int128)start - limit, step = Int128.Abs(delta);
        return distance <= 0 ? 0 : checked((long)(((distance - 1) / step) + 1));
    }

    private static long Count(NodeContext n, double start, double limit, double delta)
    {
        n.Require(delta != 0 && double.IsFinite(start) && double.IsFinite(limit) && double.IsFinite(delta), $"start {start}, limit {limit} and delta {delta} make no range");
        double count = System.Math.Ceiling((limit - start) / delta);
        if (count > int.MaxValue) throw n.OverLimit($"the range would have {count} elements");
        return System.Math.Max(0, (long)count);
    }
}

internal sealed unsafe class RangeKernel<T>(long count) : PlainKernel where T : unmanaged, INumber<T>
{
    public override void Run(in PlainRun run)
    {
        T start = *run.Input<T>(0), delta = *run.Input<T>(2);
        T* y = run.Output<T>(0);
        for (long i = 0; i < count; i++) y[i] = start + (T.CreateTruncating(i) * delta);
    }
}
