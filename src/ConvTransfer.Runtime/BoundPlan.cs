using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>A segment's plan with the memory that one session has for it. Another plan takes the same memory over, which only grows.</summary>
internal sealed unsafe class BoundPlan : IDisposable
{
    private Plan? _plan;
    private AlignedMemory? _arena, _addresses;
    private string[]?[] _strings = [];

    /// <summary>The plan.</summary>
    public Plan Plan => _plan ?? throw new InvalidOperationException("no plan is bound");

    private byte** Addresses => (byte**)_addresses!.Pointer;

    /// <summary>The native bytes that it takes.</summary>
    public long NativeBytes => (_arena?.NativeBytes ?? 0) + (_addresses?.NativeBytes ?? 0);

    /// <summary>True when this is the plan.</summary>
    public bool IsBoundTo(Plan plan) => ReferenceEquals(_plan, plan);

    /// <summary>Gives every slot of a plan its address. Allocates only for plans that need more than those before, and for strings.</summary>
    public void Bind(Plan plan)
    {
        _plan = null;
        Grow(ref _arena, plan.ArenaBytes);
        Grow(ref _addresses, (long)plan.Places.Length * sizeof(byte*));
        if (_strings.Length < plan.Places.Length) _strings = new string[]?[plan.Places.Length];
        for (int i = 0; i < plan.Places.Length; i++)
        {
            var place = plan.Places[i];
            Addresses[i] = null;
            _strings[i] = null;
            switch (place.Kind)
            {
                case PlaceKind.Arena: Addresses[i] = _arena!.Pointer + place.Offset; break;
                case PlaceKind.Strings: _strings[i] = new string[place.Offset]; break;
                case PlaceKind.Constant when place.Constant!.ElementType == ElementType.String: _strings[i] = place.Constant.StringArray; break;
                case PlaceKind.Constant: Addresses[i] = place.Constant!.Pointer; break;
            }
        }
        _plan = plan;
    }

    /// <summary>Lets the slots of the inputs stand for what the caller gives and what earlier segments made.</summary>
    public void SetInputs(Segment segment, ReadOnlySpan<Tensor> given, ReadOnlySpan<BoundPlan> bound)
    {
        foreach (var (slot, index) in Plan.InputSlots)
        {
            var input = segment.Inputs[index];
            if (input.IsGiven)
            {
                var tensor = given[input.Index];
                _strings[slot] = tensor.StringArray;
                Addresses[slot] = tensor.ElementType == ElementType.String ? null : tensor.Pointer;
            }
            else
            {
                var earlier = bound[input.Segment];
                int made = earlier.Plan.Outputs[input.Index].Slot.Index;
                _strings[slot] = earlier._strings[made];
                Addresses[slot] = earlier.Addresses[made];
            }
        }
    }

    /// <summary>Fills the arena with NaN.</summary>
    public void Poison() => new Span<byte>(_arena!.Pointer, checked((int)_arena.ByteCount)).Fill(0xFF);

    /// <summary>What the steps see.</summary>
    public StepRun Run(byte* scratch, Crew crew) => new(Addresses, _strings, scratch, crew);

    /// <summary>The float32 elements of an output where they lie.</summary>
    public Span<float> Floats(int index)
    {
        var output = Plan.Outputs[index];
        if (output.Held != ElementType.Float32) throw new InvalidOperationException($"output {index} holds {output.Held}, not float32");
        return new Span<float>(Addresses[output.Slot.Index], checked((int)output.Shape.ElementCount));
    }

    /// <summary>Copies an output to the caller.</summary>
    public void CopyOut(int index, Tensor to)
    {
        var output = Plan.Outputs[index];
        int slot = output.Slot.Index;
        if (output.Declared == ElementType.String) _strings[slot].CopyTo(to.AsStrings());
        else if (output.Narrow) HalfConversion.Narrow(new ReadOnlySpan<float>(Addresses[slot], checked((int)to.ElementCount)), to.AsSpan<Half>());
        else System.Runtime.InteropServices.NativeMemory.Copy(Addresses[slot], to.Pointer, (nuint)to.ByteCount);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        _arena?.Dispose();
        _addresses?.Dispose();
    }

    /// <summary>Replaces memory that is too small; the content is lost.</summary>
    public static void Grow(ref AlignedMemory? memory, long bytes)
    {
        if (memory is not null && memory.ByteCount >= bytes) return;
        memory?.Dispose();
        memory = null;
        memory = new AlignedMemory(bytes);
    }
}
