using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>For every tuple of indices, which stand along the last axis, the block of the data that it names: data[batch, tuple, …], with batch_dims leading axes that data and indices share.</summary>
/// <remarks>Source: ONNX GatherND-11, -12 (batch_dims), -13 (types). Negative indices count from the back. An index out of range is refused: while planning where it is constant, else when it is met.</remarks>
internal sealed class GatherND : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntAttribute BatchDims = new("batch_dims") { Since = 12, Least = 0 };

    public override OperatorSchema Schema { get; } = new("GatherND", since: [11, 12, 13])
    {
        Inputs = [new("data", T), new("indices", new("tensor(int64)", [ElementType.Int64]))],
        Outputs = [new("output", T)],
        Attributes = [BatchDims],
    };

    public override bool ChecksElements => true;

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType x = n.Input(0), indices = n.Input(1);
        n.Require(x.Rank >= 1 && indices.Rank >= 1, $"the data is {x}, the indices are {indices}, expected at least one axis each");
        long batch = n.Get(BatchDims);
        n.Require(batch < x.Rank && batch < indices.Rank, $"attribute 'batch_dims' is {batch}, expected less than the ranks of the data {x} and the indices {indices}");
        for (int a = 0; a < batch; a++) n.Require(x[a].MayEqual(indices[a]), $"the indices are {indices}, the data is {x}, expected the same {batch} leading lengths");
        Dim last = indices[indices.Rank - 1];
        if (!last.IsKnown) return [x with { Dims = null }];
        n.Require(last.Value >= 1 && last.Value <= x.Rank - batch, $"the indices are {indices}: the tuples on the last axis have {last.Value} numbers, expected 1 to {x.Rank - batch} for the data {x}");
        if (n.ConstantIntegers(1) is { } known)
        {
            for (int i = 0; i < known.Length; i++)
            {
                int axis = (int)(batch + (i % last.Value));
                if (x[axis].IsKnown && (known[i] < -x[axis].Value || known[i] >= x[axis].Value)) throw n.Invalid(IndexCheck.Message(known[i], axis, x[axis].Value));
            }
        }
        var leading = indices.Dims!.Value.Take(indices.Rank - 1).Select((d, a) => a < batch && x[a].IsKnown ? x[a] : d);
        return [x with { Dims = leading.Concat(x.Dims!.Value.Skip((int)(batch + last.Value))).ToValueList() }];
    }

    // Every tuple becomes the number of the block that it names; what several tuples name is added up.
    public override void Gradient(GradientContext g)
    {
        Shape x = g.N.InputShape(0), indices = g.N.InputShape(1);
        int batch = (int)g.N.Get(BatchDims), tuple = (int)indices[indices.Rank - 1], block = batch + tuple;
        long tuples = indices.Product(0, indices.Rank - 1);
        if (tuples == 0 || x.ElementCount == 0) return;
        long[] axes = [.. Enumerable.Range(batch, tuple).Select(a => (long)a)], strides = [.. axes.Select(a => x.Product((int)a + 1, block))];
        // The remainder of an integer has the sign of what divides it: indices that count from the back come to count from the front.
        string fromFront = g.Node("Mod", [g.Input(1), g.Integers([.. axes.Select(a => x[(int)a])])]);
        string number = g.Node("ReduceSum", [g.Node("Mul", [fromFront, g.Integers(strides)]), g.Integers(-1)], [new NodeAttribute("keepdims", new AttributeValue.Int(0))]);
        long batches = x.Product(0, batch), perBatch = x.Product(batch, block);
        if (batches > 1)
            number = g.Node("Add", [g.Reshaped(number, new Shape([batches, tuples / batches])), g.Constant(TensorData.From<long>("", [batches, 1], [.. Enumerable.Range(0, (int)batches).Select(b => b * perBatch)]))]);
        string dy = g.Reshaped(g.Gradient, new Shape([tuples, x.Product(block, x.Rank)]));
        g.Accumulate(0, g.Reshaped(AxisScatter.Emit(g, dy, 0, batches * perBatch, g.Reshaped(number, new Shape([tuples]))), x));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        Shape x = n.InputShape(0), indices = n.InputShape(1);
        int batch = (int)n.Get(BatchDims), tuple = (int)indices[indices.Rank - 1], block = batch + tuple;
        var checks = new IndexCheck[tuple];
        long[] strides = new long[tuple];
        for (int j = 0; j < tuple; j++)
        {
            checks[j] = new IndexCheck(n.Node.DisplayName, n.Label, batch + j, x[batch + j]);
            strides[j] = x.Product(batch + j + 1, block);
        }
        return new GatherTuplesKernel(n.Input(0).ElementType, checks, strides)
        {
            Tuples = indices.Product(0, indices.Rank - 1),
            TuplesPerBatch = indices.Product(batch, indices.Rank - 1),
            BlocksPerBatch = x.Product(batch, block),
            Block = x.Product(block, x.Rank),
        };
    }
}

/// <summary>Copies blocks that tuples of indices name; all lengths are in blocks but <see cref="Block"/>, which is in elements.</summary>
internal sealed unsafe class GatherTuplesKernel(ElementType type, IndexCheck[] checks, long[] strides) : PlainKernel
{
    public required long Tuples { get; init; }

    public required long TuplesPerBatch { get; init; }

    public required long BlocksPerBatch { get; init; }

    public required long Block { get; init; }

    public override void Run(in PlainRun run)
    {
        long* tuple = run.Input<long>(1);
        bool isText = type == ElementType.String;
        string[] fromTexts = isText ? run.InputStrings(0) : [], toTexts = isText ? run.OutputStrings(0) : [];
        long bytes = isText ? 0 : Block * type.SizeInBytes();
        byte* from = isText ? null : run.Input<byte>(0), to = isText ? null : run.Output<byte>(0);
        for (long t = 0; t < Tuples; t++, tuple += checks.Length)
        {
            long at = t / TuplesPerBatch * BlocksPerBatch;
            for (int j = 0; j < checks.Length; j++) at += checks[j].FromFront(tuple[j]) * strides[j];
            if (isText) Array.Copy(fromTexts, at * Block, toTexts, t * Block, Block);
            else Buffer.MemoryCopy(from + (at * bytes), to + (t * bytes), bytes, bytes);
        }
    }
}
