using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Changes the type of elements.</summary>
internal sealed unsafe class CastKernel : PlainKernel
{
    private readonly ElementCast _cast;
    private readonly long _count;

    private CastKernel(ElementCast cast, long count) => (_cast, _count) = (cast, count);

    /// <summary>The kernel for a node, or null where nothing changes. A plan holds float16 as float32; then the values are still rounded as float16 demands.</summary>
    public static CastKernel? Of(NodeContext n, ElementType to)
    {
        var from = n.Input(0).ElementType;
        var held = n.Output(0).ElementType;
        bool round = to == ElementType.Float16 && held == ElementType.Float32;
        return from == held && !round ? null : new CastKernel(new ElementCast(from, held, round), n.OutputShape(0).ElementCount);
    }

    /// <summary>Refuses what is not converted.</summary>
    public static void Check(NodeContext n, ElementType from, ElementType to)
    {
        if (!to.IsSupported()) throw n.Unsupported($"a cast to {to.OnnxName()} is not supported; the engine does not compute with it");
        if (from != to && (from == ElementType.String || to == ElementType.String)) throw n.Unsupported($"a cast from {from.OnnxName()} to {to.OnnxName()} is not supported");
    }

    public override void Run(in PlainRun run) => _cast.Run(run.Input<byte>(0), run.Output<byte>(0), _count, run.Crew);
}
