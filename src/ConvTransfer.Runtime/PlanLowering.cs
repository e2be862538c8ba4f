using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime.Passes;

namespace ConvTransfer.Runtime;

/// <summary>Lowers nodes to steps, and notes which values live when.</summary>
internal sealed class PlanLowering(TypeInference types, SharedObjects shared, ConstantTable modelConstants, IReadOnlyList<string> inputNames, IReadOnlySet<string> wanted) : LoweringContext
{
    private readonly Dictionary<string, Slot> _slots = [];
    private readonly List<SlotPlace> _places = [];
    private readonly List<ArenaLayout.Block> _blocks = [];
    private readonly List<int> _blockOfSlot = [];
    private readonly Dictionary<int, (int Outer, long Offset)> _inside = [];
    private readonly List<Step> _steps = [];
    private readonly List<Node> _nodes = [];
    private readonly List<Func<int, long>> _scratch = [];
    private FusedNode _current = null!;
    private Slot[] _residuals = [];

    public override Epilogue? Epilogue => _current.Epilogue;

    public override ReadOnlySpan<Slot> Residuals => _residuals;

    public IReadOnlyList<Step> Steps => _steps;

    public IReadOnlyList<Node> Nodes => _nodes;

    public IReadOnlyList<Func<int, long>> Scratch => _scratch;

    /// <summary>Lowers one node with what is fused onto it.</summary>
    public void Add(FusedNode fused)
    {
        _current = fused;
        _residuals = Array.ConvertAll(fused.Residuals, Read);
        if (fused.Context.HasNothingToRun)
        {
            for (int i = 0; i < fused.Context.OutputCount; i++) Output(i);
            return;
        }
        var step = Step(fused.Context);
        if (step is AliasStep alias)
        {
            _slots[fused.Node.Outputs[alias.Output]] = Read(fused.Node.Inputs[alias.Input]);
            return;
        }
        Push(step, fused.Node);
    }

    /// <summary>Adds a step that belongs to no operator.</summary>
    public void Push(Step step, Node node)
    {
        _steps.Add(step);
        _nodes.Add(node);
    }

    public override Slot Input(int index) => _current.Context.HasInput(index) ? Read(_current.Node.Inputs[index]) : Slot.None;

    public override Slot Output(int index)
    {
        string name = index == 0 ? _current.Result : _current.Context.HasOutput(index) ? _current.Node.Outputs[index] : "";
        return name.Length == 0 ? Slot.None : Write(name, types.TypeOf(name)!);
    }

    public override bool IsWanted(int output) => _current.Context.HasOutput(output) && wanted.Contains(_current.Node.Outputs[output]);

    public override bool PlaceInOutput(int input, long byteOffset)
    {
        int outer = _blockOfSlot[Output(0).Index], inner = _blockOfSlot[Input(input).Index];
        return inner >= 0 && outer >= 0 && _inside.TryAdd(inner, (outer, byteOffset));
    }

    public override void ReserveScratch(Func<int, long> bytes)
    {
        long least = bytes(1);
        if (least > types.Limits.MemoryBytes) throw _current.Context.OverLimit($"its working memory needs {least} bytes, beyond the memory limit of {types.Limits.MemoryBytes} bytes");
        _scratch.Add(bytes);
    }

    public override T Shared<T>(string purpose, Func<T> create) where T : class
    {
        // What a plan folded from its own inputs must not reach other plans.
        foreach (string input in _current.Node.Inputs)
            if (input.Length > 0 && types.Constants.Contains(input) && !modelConstants.Contains(input)) return create();
        return shared.Get(_current.Node, purpose, create);
    }

    /// <summary>The slot of a value that is read now.</summary>
    public Slot Read(string name)
    {
        if (!_slots.TryGetValue(name, out var slot))
        {
            int input = IndexOf(inputNames, name);
            if (types.Constants.Find(name) is { } constant) slot = NewSlot(new SlotPlace(PlaceKind.Constant, 0, constant));
            else if (input >= 0) slot = NewSlot(new SlotPlace(PlaceKind.Input, input));
            else throw new InvalidOperationException($"value '{name}' is read before it is made");
            _slots[name] = slot;
        }
        int block = _blockOfSlot[slot.Index];
        if (block >= 0) _blocks[block] = _blocks[block] with { Last = _steps.Count };
        return slot;
    }

    /// <summary>A slot for a value that is made now.</summary>
    public Slot Write(string name, TensorType type)
    {
        if (_slots.TryGetValue(name, out var known)) return known;
        var shape = type.ToShape();
        Slot slot;
        if (type.ElementType == ElementType.String)
        {
            slot = NewSlot(new SlotPlace(PlaceKind.Strings, shape.ElementCount));
        }
        else
        {
            slot = NewSlot(new SlotPlace(PlaceKind.Arena, 0));
            _blockOfSlot[slot.Index] = _blocks.Count;
            _blocks.Add(new ArenaLayout.Block(checked(shape.ElementCount * type.ElementType.SizeInBytes()), _steps.Count, _steps.Count));
        }
        return _slots[name] = slot;
    }

    /// <summary>A slot for what the caller gives, without a name: the raw form of an input that is converted first.</summary>
    public Slot RawInput(int index) => NewSlot(new SlotPlace(PlaceKind.Input, index));

    /// <summary>The places of all slots, and the bytes of the arena.</summary>
    public (SlotPlace[] Places, long ArenaBytes) Place()
    {
        // Blocks inside another one lie where that one lies, which lives as long as any of them.
        var placed = _blocks.ToArray();
        var outermost = new (int Block, long Offset)[placed.Length];
        for (int i = 0; i < placed.Length; i++)
        {
            int block = i;
            long offset = 0;
            while (_inside.TryGetValue(block, out var at))
            {
                block = at.Outer;
                offset += at.Offset;
            }
            outermost[i] = (block, offset);
            placed[block] = placed[block] with { First = Math.Min(placed[block].First, _blocks[i].First), Last = Math.Max(placed[block].Last, _blocks[i].Last) };
        }
        for (int i = 0; i < placed.Length; i++)
            if (outermost[i].Block != i) placed[i] = placed[i] with { Bytes = 0 };
        var (offsets, total) = ArenaLayout.Place(placed);
        var places = _places.ToArray();
        for (int i = 0; i < places.Length; i++)
        {
            if (_blockOfSlot[i] < 0) continue;
            var (block, offset) = outermost[_blockOfSlot[i]];
            places[i] = places[i] with { Offset = offsets[block] + offset };
        }
        return (places, total);
    }

    private Step Step(NodeContext n)
    {
        try
        {
            return n.Operator.Lower(n, this);
        }
        catch (OverflowException)
        {
            throw n.OverLimit("a length that its plan works with does not fit the engine's integers; it is beyond every memory limit");
        }
    }

    private Slot NewSlot(SlotPlace place)
    {
        _places.Add(place);
        _blockOfSlot.Add(-1);
        return new Slot(_places.Count - 1);
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
            if (names[i] == name) return i;
        return -1;
    }
}
