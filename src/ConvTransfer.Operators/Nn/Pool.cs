using ConvTransfer.Engine.Pooling;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>What all pools with a window share: types, checks, cost.</summary>
internal abstract class Pool : Operator
{
    protected static readonly IntAttribute CeilMode = new("ceil_mode") { Since = 10 };

    /// <summary>The operator's dilations, with the versions that have them.</summary>
    protected abstract IntsAttribute Dilations { get; }

    public override NodeCost Cost(NodeContext n) => new(0, Window(n).Receptive());

    /// <summary>The window, checked.</summary>
    protected SlidingWindow Window(NodeContext n)
    {
        var window = new SlidingWindow(n, SlidingWindow.ReadKernel(n), Dilations, n.Get(CeilMode) != 0);
        window.RequirePadsBelowKernel();
        return window;
    }

    /// <summary>The type of the pooled values.</summary>
    protected TensorType Pooled(NodeContext n)
    {
        var x = n.Input(0);
        n.Require(x.Rank >= 3, $"the input is {x}, expected [N, C, spatial…]");
        return x with { Dims = [x[0], x[1], .. Window(n).OutputDims()] };
    }

    /// <summary>The engine's numbers; all lengths are known.</summary>
    protected PoolGeometry Geometry(NodeContext n) => new(checked((int)n.InputShape(0).Product(0, 2)), Window(n).Axes());

    /// <summary>The step of a float32 pool without indices.</summary>
    protected static Step LowerF32(F32Pooling pooling, LoweringContext plan)
    {
        plan.ReserveScratch(pooling.ScratchBytes);
        return new F32PoolStep(pooling, plan.Input(0), plan.Output(0));
    }

    private sealed unsafe class F32PoolStep(F32Pooling pooling, Slot x, Slot y) : Step
    {
        public override void Run(in StepRun run) => pooling.Run(run.Pointer<float>(x), run.Pointer<float>(y), run.Scratch, run.Crew);
    }
}
