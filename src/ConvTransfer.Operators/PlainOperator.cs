using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Operators;

/// <summary>An operator whose reference and whose planned step are one plain routine: everything that moves elements, and whatever no fast kernel exists for.</summary>
internal abstract class PlainOperator : Operator
{
    /// <summary>Decides everything that types, shapes and constants determine. All lengths are known.</summary>
    protected abstract PlainKernel Prepare(NodeContext n);

    /// <inheritdoc/>
    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => Prepare(n).Evaluate(n, x);

    /// <inheritdoc/>
    public override Step Lower(NodeContext n, LoweringContext plan) => Prepare(n).ToStep(n, plan);
}

/// <summary>A routine with everything decided that can be decided before it runs. Immutable: shared by all sessions; allocates nothing when it runs.</summary>
internal abstract unsafe class PlainKernel
{
    /// <summary>Working memory in bytes for a crew of a size.</summary>
    public virtual long ScratchBytes(int crew) => 0;

    /// <summary>Computes the outputs.</summary>
    public abstract void Run(in PlainRun run);

    /// <summary>Runs the routine on tensors: the reference.</summary>
    public Tensor[] Evaluate(NodeContext n, Tensor?[] x)
    {
        int inputs = x.Length, outputs = n.OutputCount;
        var y = new Tensor[outputs];
        // A node may name millions of inputs: their addresses are not put on the stack.
        using var table = new AlignedMemory((inputs + (long)outputs) * sizeof(byte*));
        byte** addresses = (byte**)table.Pointer;
        string[]?[] strings = new string[]?[inputs + outputs];
        Slot[] from = new Slot[inputs], to = new Slot[outputs];
        for (int i = 0; i < inputs; i++) from[i] = Place(x[i], i, addresses, strings);
        try
        {
            for (int i = 0; i < outputs; i++)
            {
                y[i] = Tensor.Uninitialized(n.Output(i).ElementType, n.OutputShape(i));
                var slot = Place(y[i], inputs + i, addresses, strings);
                to[i] = n.HasOutput(i) ? slot : Slot.None;
            }
            using var crew = new Crew(1);
            using var scratch = new AlignedMemory(ScratchBytes(1));
            Run(new PlainRun(new StepRun(addresses, strings, scratch.Pointer, crew), from, to));
            return y;
        }
        catch
        {
            foreach (var tensor in y) tensor?.Dispose();
            throw;
        }
        finally
        {
            GC.KeepAlive(x);
        }
    }

    /// <summary>The routine as a step of a plan.</summary>
    public Step ToStep(NodeContext n, LoweringContext plan)
    {
        var from = new Slot[n.InputCount];
        var to = new Slot[n.OutputCount];
        for (int i = 0; i < from.Length; i++) from[i] = plan.Input(i);
        for (int i = 0; i < to.Length; i++) to[i] = plan.Output(i);
        plan.ReserveScratch(ScratchBytes);
        return new PlainStep(this, from, to);
    }

    private static Slot Place(Tensor? tensor, int index, byte** addresses, string[]?[] strings)
    {
        addresses[index] = null;
        if (tensor is null) return Slot.None;
        if (tensor.ElementType == ElementType.String) strings[index] = tensor.StringArray;
        else addresses[index] = tensor.Pointer;
        return new Slot(index);
    }

    private sealed class PlainStep(PlainKernel kernel, Slot[] from, Slot[] to) : Step
    {
        public override void Run(in StepRun run) => kernel.Run(new PlainRun(run, from, to));
    }
}

/// <summary>What a <see cref="PlainKernel"/> sees when it runs.</summary>
internal readonly unsafe ref struct PlainRun(StepRun run, ReadOnlySpan<Slot> from, ReadOnlySpan<Slot> to)
{
    private readonly StepRun _run = run;
    private readonly ReadOnlySpan<Slot> _from = from;
    private readonly ReadOnlySpan<Slot> _to = to;

    /// <summary>The threads that may share the work.</summary>
    public Crew Crew => _run.Crew;

    /// <summary>The memory asked for by <see cref="PlainKernel.ScratchBytes"/>; its content is undefined.</summary>
    public byte* Scratch => _run.Scratch;

    /// <summary>The first element of an input; null where it is left out.</summary>
    public T* Input<T>(int index) where T : unmanaged => index < _from.Length ? _run.Pointer<T>(_from[index]) : null;

    /// <summary>The first element of an output; null where the node does not name it.</summary>
    public T* Output<T>(int index) where T : unmanaged => index < _to.Length ? _run.Pointer<T>(_to[index]) : null;

    /// <summary>The strings of an input.</summary>
    public string[] InputStrings(int index) => _run.Strings(_from[index]);

    /// <summary>The strings of an output.</summary>
    public string[] OutputStrings(int index) => _run.Strings(_to[index]);
}
